--[[
  Put before every script that writes to a shard (script-texts.ts); not a script of its own.

  fence() returns nil and the generation's version when the caller may write, else the reply to give:

           {"GENERATION_MISMATCH", found}  another database, or this one was wiped; found may be ""
           {"STALE_TOKEN", found}          the stored owner is another one; found may be ""

  The database is checked first: in a wiped one there is no owner to be compared with.
]]
local function fence(owner_key, generation_key, claim, generation_id)
  local generation = redis.call('GET', generation_key) or ''
  local id, version = string.match(generation, '^([^:]+):(%d+)$')
  if id ~= generation_id then return {'GENERATION_MISMATCH', generation} end
  local owner = redis.call('GET', owner_key) or ''
  if owner ~= claim then return {'STALE_TOKEN', owner} end
  return nil, tonumber(version)
end

-- A write to a key of another type would fail after others succeeded: Redis does not roll back.
local function wrong_type(key, wanted)
  local found = redis.call('TYPE', key).ok
  if found == wanted or found == 'none' then return nil end
  return {'WRONG_TYPE', key, found}
end

-- unpack() of a few thousand values overflows Lua's stack.
local function in_chunks(command, key, values)
  for first = 1, #values, 1000 do
    redis.call(command, key, unpack(values, first, math.min(first + 999, #values)))
  end
end

local function add_history(key, entries_max, at, node, kind, json)
  redis.call('XADD', key, 'MAXLEN', '~', entries_max, '*',
    'at', at, 'node', node, 'kind', kind, 'json', json)
end
