--[[
  Gives the permit to commit back. A repeat, or somebody else's permit, changes nothing; nor does who
  had it before the shard's next owner took it.

  KEYS[1]  permit       string  <incident id> <shard> <token>; absent: free

  ARGV[1]  incident id
  ARGV[2]  the fencing token under which it was taken

  Replies  {"FREED"}, {"NOT_HELD"}
           {"WRONG_TYPE", key, type}
]]
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'string' and found ~= 'none' then return {'WRONG_TYPE', KEYS[1], found} end
local stored = redis.call('GET', KEYS[1]) or ''
local incident, token = string.match(stored, '^(%S+) %d+ (%d+)$')
if incident ~= ARGV[1] or tonumber(token) ~= tonumber(ARGV[2]) then return {'NOT_HELD'} end
redis.call('DEL', KEYS[1])
return {'FREED'}
