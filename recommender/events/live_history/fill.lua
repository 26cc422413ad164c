-- Keep a history as it was read, unless anything came between.
-- KEYS: gate, about, liked, hidden. ARGV: generation, token, seconds, mark, kinds,
-- 1 where a new event must be read from the table, number of liked, members.
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[2] then
  return 0
end
if passes(KEYS[1], ARGV[1]) ~= 1 then
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
  return 0
end
local liked = tonumber(ARGV[7])
for place = 8, #ARGV do
  redis.call('ZADD', place - 7 <= liked and KEYS[3] or KEYS[4], 0, ARGV[place])
end
redis.call('HSET', KEYS[2], 'state', 'full', 'mark', ARGV[4], 'kinds', ARGV[5], 'chosen', ARGV[6])
redis.call('HSET', KEYS[2], 'born', redis.call('TIME')[1])
redis.call('HDEL', KEYS[2], 'token')
for place = 2, 4 do
  redis.call('EXPIRE', KEYS[place], ARGV[3])
end
return 1
