-- Add what was just stored to a history that is kept. A stream would get its entries here, too,
-- after the generation was compared.
-- KEYS: gate, about, liked, hidden, the catalog's mark, the person's mark.
-- ARGV: generation, both marks, most liked, most hidden, then for each event: kind, 1 if disliking, member.
-- 1: done; 0: another generation, refused; -1: the gate is not known.
local passed = passes(KEYS[1], ARGV[1])
if passed ~= 1 then
  return passed
end
local about = redis.call('HMGET', KEYS[2], 'state', 'mark', 'kinds', 'chosen')
if not about[1] then
  return 1
end
local mark = redis.call('GET', KEYS[5]) or ''
local marks = mark .. '|' .. (redis.call('GET', KEYS[6]) or '')
if about[1] ~= 'full' or about[4] == '1' or about[2] ~= mark or marks ~= ARGV[2] then
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
  return 1
end
local left = redis.call('PTTL', KEYS[2])
local function add(name, member, most)
  redis.call('ZADD', name, 0, member)
  redis.call('ZREMRANGEBYRANK', name, 0, -most - 1)
  redis.call('PEXPIRE', name, left)
end
for place = 5, #ARGV, 3 do
  if ARGV[place + 1] == '1' then
    add(KEYS[4], ARGV[place + 2], tonumber(ARGV[4]))
  elseif string.find(about[3], ',' .. ARGV[place] .. ',', 1, true) then
    add(KEYS[3], ARGV[place + 2], tonumber(ARGV[3]))
  end
end
return 1
