--- @include "site"
-- What the scripts decide by: the definitions from code, with the operator's override above them, compiled into one packed
-- plan a queue (site.lua reads it).

-- The declared rate of calls is an upper bound for the learned one; 0: none is declared.
local function cap_of(limits)
  local cap = 0
  for _, limit in ipairs(limits) do
    if limit.unit == "requests" then
      local rate = limit.amount / limit.perMs * 1000
      cap = cap == 0 and rate or math.min(cap, rate)
    end
  end
  return cap
end

local function plan_pack(config, queue)
  local uniform = queue.cost ~= nil
  local windowed = 0
  local parts = {}
  for _, limit in ipairs(config.limits) do
    local cost = uniform and (queue.cost[limit.unit] or 0) or 0
    parts[#parts + 1] = struct.pack("<ddddd", limit.amount, limit.perMs,
      (limit.amount - limit.burst + 1 - slack_of(limit.amount, limit.perMs, limit.burst)) / limit.perMs, limit.burst, cost)
  end
  for _, other in ipairs(config.definitions) do
    for _, limit in ipairs(config.limits) do
      if not other.cost or (other.cost[limit.unit] or 0) > limit.burst then windowed = 1 end
    end
  end
  return struct.pack(PLAN, config.concurrency, config.cap, config.adaptive, config.paced, uniform and 1 or 0,
    windowed, queue.capacity, queue.low, queue.high, #config.names, #config.limits)
    .. table.concat(parts) .. table.concat(config.names, "\n")
end

-- Compiles and writes the plans of all queues of a limiter. A learned rate outlives it, unless the bound that it was
-- learned under changed.
local function recompile(prefix)
  local key = prefix .. ":@limiter"
  local stored = redis.call("HMGET", key, "code", "override", "hot", "state", "law")
  local code = cjson.decode(stored[1])
  local override = stored[2] and cjson.decode(stored[2]) or {}
  local names = redis.call("SMEMBERS", prefix .. ":@queues")
  table.sort(names)
  local limits = override.limits or code.limits
  local config = {
    names = names, limits = limits, cap = cap_of(limits), definitions = {},
    -- 0 in an override: no bound, whatever the code says.
    concurrency = override.concurrency or code.concurrency or 0,
    adaptive = code.adaptive and 1 or 0, paced = code.pacedFromStart and 1 or 0,
  }
  for index, name in ipairs(names) do
    local packed = redis.call("HGET", prefix .. ":@queue:" .. name, "config")
    config.definitions[index] = packed and cmsgpack.unpack(packed) or { capacity = 1, low = 0.3, high = 0.8 }
  end
  for index, name in ipairs(names) do
    redis.call("HSET", key, "plan:" .. name, plan_pack(config, config.definitions[index]), "fast:" .. name, "")
  end
  redis.call("HSET", key, "config", cmsgpack.pack({ limits = limits }))

  local law = string.format("%d %d %.17g", config.adaptive, config.paced, config.cap)
  local hot = stored[3] and hot_of(stored[3]) or hot_of(string.rep("\0", HOT_BYTES))
  hot.level = {}
  local state = stored[4] and cmsgpack.unpack(stored[4])
  hot.keeper = 0
  if stored[5] ~= law then
    hot.phase = 0
    if state then state.law = {} end
  end
  -- Levels of the buckets are not kept: another list of limits, or the same one, starts full and is bounded by its burst.
  redis.call("HSET", key, "hot", hot_pack(hot), "law", law)
  if state then
    redis.call("HSET", key, "state", cmsgpack.pack(state))
  end
end
