-- The gate: closed until a time. It only moves later by itself (I6); an operator may open it.
--
-- Plain BullMQ workers on the queues are held by BullMQ's own limiter key while the gate is shut. That key counts only
-- together with a `max` in the queue's meta (P1: without it a plain worker started after 7 ms), so one is put there where
-- the user has none: 2^53 - 1, which limits nothing should it outlive the gate.
local MIRROR = "9007199254740991"

local function gate_mirror(site)
  for name in each_name(site) do
    local base = site.prefix .. ":" .. name .. ":"
    redis.call("SET", base .. "limiter", MIRROR, "PX", math.max(1, math.ceil(site.hot.gate - site.now)))
    if redis.call("HSETNX", base .. "meta", "max", MIRROR) == 1 then
      redis.call("HSET", base .. "meta", "duration", "1")
    end
  end
  site.hot.mirrored = 1
end

local function gate_unmirror(site)
  for name in each_name(site) do
    local base = site.prefix .. ":" .. name .. ":"
    if redis.call("GET", base .. "limiter") == MIRROR then
      redis.call("DEL", base .. "limiter")
    end
    if redis.call("HGET", base .. "meta", "max") == MIRROR then
      redis.call("HDEL", base .. "meta", "max", "duration")
    end
  end
  site.hot.mirrored = 0
end

-- 365 days: what an operator's pause without an end means, and the most that any hint is believed.
local GATE_MOST_MS = 31536000000

local function gate_shut(site, till, why)
  till = math.min(till, site.now + GATE_MOST_MS)
  if till <= site.hot.gate then
    return
  end
  local state = cold(site)
  -- How long it is shut in all (ms), the time to come included: inspect.lua takes that off, and so does who opens it before.
  state.shut = (state.shut or 0) + till - math.max(site.now, site.hot.gate)
  site.hot.gate = till
  state.why = why
  gate_mirror(site)
end

-- The first script after the gate's end takes the mirror away.
local function gate_tidy(site)
  if site.hot.mirrored == 1 and site.hot.gate <= site.now then
    gate_unmirror(site)
  end
end
