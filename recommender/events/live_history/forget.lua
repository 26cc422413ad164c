-- Delete histories, and let what was stored before join none that is read again.
-- KEYS: the mark and six names of each person. ARGV: new mark, seconds.
for place = 1, #KEYS, 7 do
  redis.call('SET', KEYS[place], ARGV[1], 'EX', ARGV[2])
  redis.call('DEL', unpack(KEYS, place + 1, place + 6))
end
return 1
