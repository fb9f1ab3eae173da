--[[
  Gives the permit to commit back. A repeat, or somebody else's permit, changes nothing.

  KEYS[1]  permit       string  <incident id> <shard> <token>; absent: free

  ARGV[1]  incident id

  Replies  {"FREED"}, {"NOT_HELD"}
           {"WRONG_TYPE", key, type}
]]
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'string' and found ~= 'none' then return {'WRONG_TYPE', KEYS[1], found} end
local stored = redis.call('GET', KEYS[1]) or ''
if string.match(stored, '^(%S+) ') ~= ARGV[1] then return {'NOT_HELD'} end
redis.call('DEL', KEYS[1])
return {'FREED'}
