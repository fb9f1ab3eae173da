--[[
  Makes the caller the owner of a shard, if the present owner is still the one the caller expects
  or there is none. Every success raises the fencing token, so all earlier owners are refused.

  KEYS[1]  owner        string  <token>:<aggregator id>; no id = released, the token is kept
  KEYS[2]  generation   string  <id>:<version>

  ARGV[1]  the caller's aggregator id
  ARGV[2]  the owner it expects, <token>:<aggregator id>, or "" for nobody
  ARGV[3]  highest token the caller ever saw for this shard, decimal
  ARGV[4]  the caller's unix time, milliseconds: survives a store that forgot the token
  ARGV[5]  generation id to create when the shard has none, or "" to refuse

  Replies  {"CLAIMED", owner, generation}
           {"TAKEN", owner}          somebody else owns it
           {"NOT_CREATED"}           the shard has no generation and ARGV[5] is ""
           {"DAMAGED", key}          the value of key is not ours; nothing was changed
]]
local owner = redis.call('GET', KEYS[1]) or ''
local token, holder = string.match(owner, '^(%d+):(.*)$')
if owner ~= '' and not token then return {'DAMAGED', KEYS[1]} end
if holder and holder ~= '' and owner ~= ARGV[2] then return {'TAKEN', owner} end

local generation = redis.call('GET', KEYS[2])
if generation and not string.match(generation, '^[^:]+:%d+$') then return {'DAMAGED', KEYS[2]} end
if not generation and ARGV[5] == '' then return {'NOT_CREATED'} end

local highest = math.max(tonumber(token or '0'), tonumber(ARGV[3]), tonumber(ARGV[4]))
owner = string.format('%.0f:%s', highest + 1, ARGV[1])
redis.call('SET', KEYS[1], owner)
if not generation then
  generation = ARGV[5] .. ':0'
  redis.call('SET', KEYS[2], generation)
end
return {'CLAIMED', owner, generation}
