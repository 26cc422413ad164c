-- Read a history that is kept, and keep it for as long again, up to an age.
-- KEYS: about, liked, hidden, mark. ARGV: liked wanted, most hidden, seconds, longest age.
local about = redis.call('HMGET', KEYS[1], 'state', 'mark', 'born')
if about[1] ~= 'full' or about[2] ~= (redis.call('GET', KEYS[4]) or '') then
  return false
end
if redis.call('TIME')[1] - about[3] > tonumber(ARGV[4]) then
  return false
end
for place = 1, 3 do
  redis.call('EXPIRE', KEYS[place], ARGV[3])
end
return {
  redis.call('ZREVRANGE', KEYS[2], 0, ARGV[1] - 1),
  redis.call('ZREVRANGE', KEYS[3], 0, ARGV[2] - 1),
}
