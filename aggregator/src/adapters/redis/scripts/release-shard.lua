--[[
  Gives a shard up. The token stays, so that the next owner's is higher.

  KEYS[1]  owner        string
  KEYS[2]  generation   string

  ARGV[1]  the caller's claim, <token>:<aggregator id>
  ARGV[2]  the caller's generation id

  Replies  {"RELEASED"}
           {"GENERATION_MISMATCH", found}, {"STALE_TOKEN", found}   see fence.lua; nothing was changed
]]
-- include fence.lua
local refused = fence(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if refused then return refused end
redis.call('SET', KEYS[1], string.match(ARGV[1], '^%d+:'))
return {'RELEASED'}
