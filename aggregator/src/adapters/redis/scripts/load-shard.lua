--[[
  Reads all that a shard holds, at one instant.

  KEYS[1]  owner        string  <token>:<aggregator id>
  KEYS[2]  generation   string  <id>:<version>
  KEYS[3]  nodes        hash
  KEYS[4]  incidents    hash
  KEYS[5]  outbox       hash
  KEYS[6]  proofs       hash

  ARGV[1]  most fields of a hash that are read; a fuller one is foreign or damaged

  Replies  {part, ... six times in the order of KEYS}, each part one of
           {"VALUE", text}
           {"FIELDS", name, value, name, value, ...}
           {"ABSENT"}
           {"UNREADABLE", why}
]]
local function read_string(key)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then return {'UNREADABLE', value.err} end
  if not value then return {'ABSENT'} end
  return {'VALUE', value}
end

local function read_hash(key)
  local size = redis.pcall('HLEN', key)
  if type(size) == 'table' then return {'UNREADABLE', size.err} end
  if size == 0 then return {'ABSENT'} end
  if size > tonumber(ARGV[1]) then return {'UNREADABLE', 'it has ' .. size .. ' fields'} end
  local fields = redis.call('HGETALL', key)
  table.insert(fields, 1, 'FIELDS')
  return fields
end

return {
  read_string(KEYS[1]), read_string(KEYS[2]),
  read_hash(KEYS[3]), read_hash(KEYS[4]), read_hash(KEYS[5]), read_hash(KEYS[6]),
}
