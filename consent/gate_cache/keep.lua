-- Keep what a gate answers, or shut it (empty row). Never in place of a newer decision.
-- KEYS: gate. ARGV: seconds to live, generation, sequence, row.
local held = redis.call('HMGET', KEYS[1], 'generation', 'sequence')
local generation, sequence = tonumber(ARGV[2]), tonumber(ARGV[3])
if held[1] then
  local newer = tonumber(held[1]) - generation
  if newer > 0 or (newer == 0 and tonumber(held[2]) > sequence) then
    return 0
  end
end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'sequence', ARGV[3], 'row', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
