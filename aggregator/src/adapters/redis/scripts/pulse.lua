--[[
  Raises the caller's liveness counter and reads everybody's: one command, three times a second.

  KEYS[1]  aggs         hash    <aggregator id> = <counter> <document>

  ARGV[1]  the caller's aggregator id
  ARGV[2]  lowest counter to go on from, decimal: the store may have forgotten ours
  ARGV[3]  the caller's document

  Replies  {id, line, id, line, ...}   the caller's among them, already raised
]]
local line = redis.call('HGET', KEYS[1], ARGV[1]) or ''
local stored = tonumber(string.match(line, '^(%d+) ') or '0')
local counter = math.max(stored, tonumber(ARGV[2])) + 1
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', counter, ARGV[3]))
return redis.call('HGETALL', KEYS[1])
