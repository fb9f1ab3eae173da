--[[
  Makes the cluster's constants, once and for ever; of two creators the first one decides.

  KEYS[1]  meta         hash

  ARGV     field, value, and so on in pairs

  Replies  {"META", field, value, ...}   what is stored now, whoever created it
]]
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
local fields = redis.call('HGETALL', KEYS[1])
table.insert(fields, 1, 'META')
return fields
