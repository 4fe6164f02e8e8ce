-- What the scripts decide by: the definitions from code, with the operator's override above them.

local function id_of(limit)
  return limit.unit .. "/" .. string.format("%d", limit.perMs)
end

-- The declared rate of calls is an upper bound for the learned one.
local function cap_of(limits)
  local cap
  for _, limit in ipairs(limits) do
    if limit.unit == "requests" then
      local rate = limit.amount / limit.per * 1000
      cap = cap and math.min(cap, rate) or rate
    end
  end
  return cap
end

local function compile(code, override, queues)
  local limits = {}
  for _, limit in ipairs(override.limits or code.limits) do
    limits[#limits + 1] = {
      id = id_of(limit), unit = limit.unit, amount = limit.amount, per = limit.perMs, burst = limit.burst,
    }
  end
  local concurrency = code.concurrency
  if override.concurrency then
    concurrency = override.concurrency > 0 and override.concurrency or nil
  end
  return {
    limits = limits, concurrency = concurrency, queues = queues, cap = cap_of(limits),
    adaptive = code.adaptive and 1 or 0, paced = code.pacedFromStart and 1 or 0,
  }
end

-- Writes the compiled configuration. A learned rate outlives it, unless the bound that it was learned under changed.
local function recompile(prefix, now)
  local key = prefix .. ":@limiter"
  local stored = redis.call("HMGET", key, "code", "override")
  local queues = redis.call("SMEMBERS", prefix .. ":@queues")
  table.sort(queues)
  local config = compile(cjson.decode(stored[1]), stored[2] and cjson.decode(stored[2]) or {}, queues)
  local before, state = load_limiter(prefix, now)
  if before.cap ~= config.cap or before.adaptive ~= config.adaptive or before.paced ~= config.paced then
    state.law = {}
  end
  state.keeper = nil
  redis.call("HSET", key, "config", cmsgpack.pack(config), "state", cmsgpack.pack(state))
  return config, state
end
