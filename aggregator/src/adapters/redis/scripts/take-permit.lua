--[[
  Takes the one permit to commit, for one incident. Who has it already is told so again.

  KEYS[1]  permit       string  <incident id> <shard> <token>; absent: free
  KEYS[2]  disarm       string  present: nothing is permitted
  KEYS[3]  permits      list    when the last ones were given, ms of this server's clock, oldest first

  ARGV[1]  incident id
  ARGV[2]  its shard
  ARGV[3]  the fencing token under which the caller owns it
  ARGV[4]  how many may be given ...
  ARGV[5]  ... within so many ms

  Replies  {"GRANTED"}
           {"DISARMED"}
           {"TAKEN", incident id, shard, token}   by another incident, or by a later owner of the shard
           {"TOO_MANY", ms until the next one}
           {"WRONG_TYPE", key, type}, {"DAMAGED", key}
]]
for index, wanted in ipairs({'string', 'string', 'list'}) do
  local found = redis.call('TYPE', KEYS[index]).ok
  if found ~= wanted and found ~= 'none' then return {'WRONG_TYPE', KEYS[index], found} end
end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'DISARMED'} end

local stored = redis.call('GET', KEYS[1])
local mine = ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3]
if stored then
  local incident, shard, token = string.match(stored, '^(%S+) (%d+) (%d+)$')
  if not incident then return {'DAMAGED', KEYS[1]} end
  if incident ~= ARGV[1] or tonumber(token) > tonumber(ARGV[3]) then
    return {'TAKEN', incident, shard, token}
  end
  redis.call('SET', KEYS[1], mine)
  return {'GRANTED'}
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local window = tonumber(ARGV[5])
while true do
  local oldest = tonumber(redis.call('LINDEX', KEYS[3], 0) or '')
  -- A clock that was set back makes the past look like the future: that says nothing.
  if not oldest or (oldest > now - window and oldest <= now) then break end
  redis.call('LPOP', KEYS[3])
end
if redis.call('LLEN', KEYS[3]) >= tonumber(ARGV[4]) then
  local oldest = tonumber(redis.call('LINDEX', KEYS[3], 0))
  return {'TOO_MANY', string.format('%.0f', oldest + window - now)}
end
redis.call('RPUSH', KEYS[3], string.format('%.0f', now))
redis.call('SET', KEYS[1], mine)
return {'GRANTED'}
