-- The first lines of every function that stores something of a person.
-- 1: the gate is open in this generation; 0: in another one, refuse; -1: not known, load it or refuse.
local function passes(gate, generation)
  local held = redis.call('HMGET', gate, 'generation', 'row')
  if not held[1] or held[2] == '' then
    return -1
  end
  return held[1] == generation and 1 or 0
end
