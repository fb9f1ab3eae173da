--[[
  Notes when nodes last answered a probe.

  KEYS[1]  owner        string
  KEYS[2]  generation   string
  KEYS[3]  proofs       hash    <node id> = unix ms

  ARGV[1]  the caller's claim, <token>:<aggregator id>
  ARGV[2]  the caller's generation id
  ARGV[3]  node id, ARGV[4] unix ms, and so on in pairs

  Replies  {"NOTED"}
           {"WRONG_TYPE", key, type}
           {"GENERATION_MISMATCH", found}, {"STALE_TOKEN", found}   see fence.lua
]]
-- include fence.lua
local refused = fence(KEYS[1], KEYS[2], ARGV[1], ARGV[2]) or wrong_type(KEYS[3], 'hash')
if refused then return refused end
local pairs_given = {}
for at = 3, #ARGV do pairs_given[at - 2] = ARGV[at] end
in_chunks('HSET', KEYS[3], pairs_given)
return {'NOTED'}
