--[[
  Takes one row of the outbox for sending. Only the shard's present owner gets here, so a row that is
  "sending" was left behind by an earlier owner or by a claim of ours whose reply was lost.

  KEYS[1]  owner        string
  KEYS[2]  generation   string
  KEYS[3]  outbox       hash    s:<row id> = <state> <attempts> <claimed by, or -> <rest>

  ARGV[1]  the caller's claim, <token>:<aggregator id>
  ARGV[2]  the caller's generation id
  ARGV[3]  row id
  ARGV[4]  the caller's name in the row, <aggregator id>:<token>

  Replies  {"CLAIMED"}           its state is now "sending", claimed by ARGV[4], attempts + 1
           {"LOST", state}       neither waiting nor sending; "" when it is gone
           {"GENERATION_MISMATCH", found}, {"STALE_TOKEN", found}   see fence.lua
]]
-- include fence.lua
local refused = fence(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if refused then return refused end
local line = redis.call('HGET', KEYS[3], 's:' .. ARGV[3])
if not line then return {'LOST', ''} end
local state, attempts, rest = string.match(line, '^(%a+) (%d+) %S+ (.*)$')
if state ~= 'waiting' and state ~= 'sending' then return {'LOST', state or 'damaged'} end
redis.call('HSET', KEYS[3], 's:' .. ARGV[3],
  string.format('sending %.0f %s %s', tonumber(attempts) + 1, ARGV[4], rest))
return {'CLAIMED'}
