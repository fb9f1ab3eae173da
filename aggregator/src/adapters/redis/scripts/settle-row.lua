--[[
  Ends an attempt: removes the row, or writes its new state.

  KEYS[1]  owner        string
  KEYS[2]  generation   string
  KEYS[3]  outbox       hash    s:<row id> = <state> <attempts> <claimed by, or -> <rest>, d:<row id>
  KEYS[4]  history      stream

  ARGV[1]  the caller's claim, <token>:<aggregator id>
  ARGV[2]  the caller's generation id
  ARGV[3]  row id
  ARGV[4]  the caller's name in the row, <aggregator id>:<token>
  ARGV[5]  the new status line, or "" to remove the row
  ARGV[6]  history entries kept, about
  ARGV[7]  at, ARGV[8] node, ARGV[9] kind, ARGV[10] json of one history entry; all absent for none

  Replies  {"SETTLED"}
           {"LOST", state}       the row is gone ("") or not being sent under this claim
           {"WRONG_TYPE", key, type}
           {"GENERATION_MISMATCH", found}, {"STALE_TOKEN", found}   see fence.lua
]]
-- include fence.lua
local refused = fence(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
  or wrong_type(KEYS[3], 'hash') or wrong_type(KEYS[4], 'stream')
if refused then return refused end
local line = redis.call('HGET', KEYS[3], 's:' .. ARGV[3])
if not line then return {'LOST', ''} end
local state, claimed_by = string.match(line, '^(%a+) %d+ (%S+) ')
if state ~= 'sending' or claimed_by ~= ARGV[4] then return {'LOST', state or 'damaged'} end
if ARGV[7] then add_history(KEYS[4], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]) end
if ARGV[5] == '' then
  redis.call('HDEL', KEYS[3], 's:' .. ARGV[3], 'd:' .. ARGV[3])
else
  redis.call('HSET', KEYS[3], 's:' .. ARGV[3], ARGV[5])
end
return {'SETTLED'}
