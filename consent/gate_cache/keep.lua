-- Keep what gates answer, or shut them (empty row). Never in place of a newer decision.
-- KEYS: gates. ARGV: seconds to live, then of each gate generation, sequence, row.
local kept = 0
for i, gate in ipairs(KEYS) do
  local generation, sequence, row = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  local held = redis.call('HMGET', gate, 'generation', 'sequence')
  local newer = held[1] and tonumber(held[1]) - tonumber(generation) or -1
  if newer < 0 or (newer == 0 and tonumber(held[2]) <= tonumber(sequence)) then
    redis.call('HSET', gate, 'generation', generation, 'sequence', sequence, 'row', row)
    redis.call('EXPIRE', gate, ARGV[1])
    kept = kept + 1
  end
end
return kept
