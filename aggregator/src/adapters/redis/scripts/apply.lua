--[[
  Writes one batch of transitions: all of it or nothing.

  Every check is made before the first write, and no write after the first can fail, because Redis
  does not roll a script back. History is written first: on a foreign stream whose ids are used up
  XADD fails, and it is also what is refused when the memory is full.

  KEYS[1]  owner        string
  KEYS[2]  generation   string  <id>:<version>
  KEYS[3]  nodes        hash    <node id> = document
  KEYS[4]  incidents    hash    p:<incident id> = phase, d:<incident id> = document
  KEYS[5]  outbox       hash    s:<row id> = status line, d:<row id> = document
  KEYS[6]  proofs       hash    <node id> = unix ms
  KEYS[7]  history      stream
  KEYS[8]  ended        list    ids of ended incidents that are still in KEYS[4], oldest first

  ARGV[1]  the caller's claim, <token>:<aggregator id>
  ARGV[2]  the caller's generation id
  ARGV[3]  history entries kept, about
  ARGV[4]  ended incidents kept
  then five lists, each its number of items followed by the items' values:
           incidents   id, expected phase or "", new phase, document
           nodes       id, document
           removed     id
           rows        id, status line, document
           history     at, node, kind, json

  Replies  {"APPLIED", generation}
           {"CONFLICT", incident id, stored phase}   the phase is "" when there is no such incident
           {"WRONG_TYPE", key, type}
           {"GENERATION_MISMATCH", found}, {"STALE_TOKEN", found}   see fence.lua
]]
-- include fence.lua
local refused, version = fence(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if refused then return refused end
for index, wanted in ipairs({'hash', 'hash', 'hash', 'hash', 'stream', 'list'}) do
  refused = wrong_type(KEYS[index + 2], wanted)
  if refused then return refused end
end

local position = 5
local function take_list(width)
  local first = position + 1
  position = first + tonumber(ARGV[position]) * width
  return first, position - 1
end

local open = {declared = true, committed = true}
local phases, ended, incidents = {}, {}, {}
local first, last = take_list(4)
for at = first, last, 4 do
  local id, expected, wanted, document = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local stored = phases[id] or redis.call('HGET', KEYS[4], 'p:' .. id) or ''
  local allowed = stored == expected
  -- Who knows it without knowing what is stored moves it on only: it may not undo a commit.
  if expected == '' and stored == 'declared' then allowed = true end
  if expected == '' and stored == 'committed' then
    allowed = wanted == 'committed' or wanted == 'closed'
  end
  -- The caller repeats a batch whose reply was lost.
  if not allowed and stored == wanted then
    allowed = redis.call('HGET', KEYS[4], 'd:' .. id) == document
  end
  if not allowed then return {'CONFLICT', id, stored} end
  if not open[wanted] and (stored == '' or open[stored]) then ended[#ended + 1] = id end
  phases[id] = wanted
  for _, value in ipairs({'p:' .. id, wanted, 'd:' .. id, document}) do
    incidents[#incidents + 1] = value
  end
end

local node_first, node_last = take_list(2)
local removed_first, removed_last = take_list(1)
local row_first, row_last = take_list(3)
local history_first, history_last = take_list(4)

for at = history_first, history_last, 4 do
  add_history(KEYS[7], ARGV[3], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
in_chunks('HSET', KEYS[4], incidents)
for at = node_first, node_last, 2 do redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1]) end
for at = removed_first, removed_last do
  redis.call('HDEL', KEYS[3], ARGV[at])
  redis.call('HDEL', KEYS[6], ARGV[at])
end
for at = row_first, row_last, 3 do
  -- A row that exists is under way or settled by its sender; putting it again must not re-arm it.
  if redis.call('HSETNX', KEYS[5], 's:' .. ARGV[at], ARGV[at + 1]) == 1 then
    redis.call('HSET', KEYS[5], 'd:' .. ARGV[at], ARGV[at + 2])
  end
end

if #ended > 0 then
  in_chunks('RPUSH', KEYS[8], ended)
  for _ = 1, redis.call('LLEN', KEYS[8]) - tonumber(ARGV[4]) do
    local id = redis.call('LPOP', KEYS[8])
    redis.call('HDEL', KEYS[4], 'p:' .. id, 'd:' .. id)
  end
end

local generation = string.format('%s:%.0f', ARGV[2], version + 1)
redis.call('SET', KEYS[2], generation)
return {'APPLIED', generation}
