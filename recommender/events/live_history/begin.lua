-- Announce that a history is being read from the table, so that nothing is lost meanwhile.
-- KEYS: gate, about, liked, hidden, mark. ARGV: generation, token, seconds. Returns the mark, or false.
if passes(KEYS[1], ARGV[1]) ~= 1 then
  return false
end
if redis.call('HGET', KEYS[2], 'state') == 'begun' then
  return false
end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[2], 'state', 'begun', 'token', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return redis.call('GET', KEYS[5]) or ''
