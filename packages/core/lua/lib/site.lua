-- Where a script stands: the limiter, the queue, the time. Loaded once, changed in place, saved once.
--
-- <prefix>:@limiter is one hash (src/redis/keys.ts):
--   plan:<queue>   what is decided by on every job, as packed doubles; written by config.lua
--   hot            what changes with every permit, as packed doubles
--   pulse:<queue>  the same for one queue
--   fast:<queue>   what lets a script skip all of this; lib/fast.lua
--   memory         how full Redis was when it was last looked at; memory.lua
--   config, state  everything else (cmsgpack), loaded only by who needs it: cold() in slow.lua
-- Packed doubles because a script pays for every field: this state as one cmsgpack map cost 10.7 us a job, of 52 us that
-- BullMQ's own moveToFinished takes.
-- What is packed here is read by every process of the fleet: raise FORMAT whenever a field comes, goes or changes its meaning
-- (test/lua/format.test.ts notices). A process of another format then refuses to work on it, instead of taking one number for
-- another: commands/register.lua.
local FORMAT = "2"
local HOT = "<ddddddddddddddddddddddddddddddddddddd"
local HOT_BYTES = 37 * 8

local function hot_of(packed)
  local hot, at = { level = {} }, nil
  hot.gate,                                    -- closed until (ms)
    hot.half, hot.probe,                       -- 1: half-open, 2: opens without a probe; the probe's deadline (ms, 0: none out)
    hot.scarce,                                -- until when permits count as scarce (ms)
    hot.keeper, hot.keeperTill,                -- the worker that keeps the time, and until when (ms)
    hot.pace,                                  -- next paced admission at level slow (ms)
    hot.second, hot.secondOk, hot.secondThrottled,   -- outcomes of the running second; ring.lua
    hot.granted, hot.ok,                       -- totals
    hot.phase, hot.base, hot.at, hot.last, hot.grown, hot.hold, hot.hungry, hot.top, hot.began, hot.rise,
    hot.amplitude, hot.fold, hot.speed, hot.back, -- law.lua
    hot.crowd, hot.most,                         -- most calls in flight (0: any number), and most that were since the last event
    hot.told, hot.heard,                         -- hinted.lua: the rate that the API tells of (0: none), when it was heard (ms)
    hot.deferred,                              -- deferred jobs that have not returned
    hot.mirrored,                              -- 1: the gate is mirrored to plain BullMQ workers
    hot.filled, hot.asked,                     -- when the buckets were last filled, and since when somebody waits for a permit (ms, 0: nobody)
    hot.calm,                                  -- 1: workers may have gone the short way; calm.lua
    hot.deputy, hot.deputyTill,                -- the worker that looks after the keeper, and until when it is expected to (ms)
    at = struct.unpack(HOT, packed)
  return hot, at
end

local function hot_pack(hot)
  local packed = struct.pack(HOT, hot.gate, hot.half, hot.probe, hot.scarce, hot.keeper, hot.keeperTill, hot.pace,
    hot.second, hot.secondOk, hot.secondThrottled, hot.granted, hot.ok, hot.phase, hot.base, hot.at, hot.last, hot.grown,
    hot.hold, hot.hungry, hot.top, hot.began, hot.rise,
    hot.amplitude, hot.fold, hot.speed, hot.back, hot.crowd, hot.most,
    hot.told, hot.heard, hot.deferred, hot.mirrored, hot.filled, hot.asked, hot.calm,
    hot.deputy, hot.deputyTill)
  for index = 1, #hot.level do
    packed = packed .. struct.pack("<d", hot.level[index])
  end
  return packed
end

-- Of one queue: jobs finished (decaying sum, when it was last right, since when it is summed; drain.lua), served units,
-- level (0 open, 1 slow, 2 closed).
local function pulse_of(packed)
  if not packed then
    return { sum = 0, at = 0, served = 0, level = 0, began = 0 }
  end
  local pulse = {}
  pulse.sum, pulse.at, pulse.served, pulse.level = struct.unpack("<dddd", packed)
  pulse.began = #packed >= 40 and struct.unpack("<d", packed, 33) or 0
  return pulse
end

local function pulse_pack(pulse)
  return struct.pack("<ddddd", pulse.sum, pulse.at, pulse.served, pulse.level, pulse.began)
end

-- Per limit: amount, per, refill, burst, cost (where all jobs of the queue cost the same); then the limiter's queues.
local PLAN = "<ddddddddddd"

-- Where a burst is one, a worker that wakes late would lose what it is late by: at 50/s, 2 ms of 20. What comes in 10 ms may be
-- added to the burst, for 1 % of the refill.
local function slack_of(amount, per, burst)
  return burst == 1 and math.min(0.5, 10 * amount / per) or 0
end

local function plan_of(packed)
  local plan, count, at = { limits = {} }, nil, nil
  plan.concurrency, plan.cap, plan.adaptive, plan.paced, plan.uniform, plan.windowed, plan.capacity, plan.low, plan.high,
    plan.queues, count, at = struct.unpack(PLAN, packed)
  for index = 1, count do
    local limit = {}
    limit.amount, limit.per, limit.refill, limit.burst, limit.cost, at = struct.unpack("<ddddd", packed, at)
    limit.slack = slack_of(limit.amount, limit.per, limit.burst)
    plan.limits[index] = limit
  end
  -- One expression for all who compare depth with it: at 55 of 100, 55.00000000000001 is another level.
  plan.middle = (plan.low * plan.capacity + plan.high * plan.capacity) / 2
  plan.names = at
  plan.packed = packed
  return plan
end

-- `base` is BullMQ's key prefix of one queue: "{headgate:openai}:summarize:". nil where the queue was never registered,
-- and where another version has written what stands there: whoever is told so registers again, and learns which of the two it is.
local function site_of(base, now)
  local prefix, name = string.match(base, "^(.*):([^:]+):$")
  local key = prefix .. ":@limiter"
  local stored = redis.call("HMGET", key, "plan:" .. name, "hot", "pulse:" .. name, "format")
  if not stored[1] or not stored[2] or stored[4] ~= FORMAT then
    return nil
  end
  local plan = plan_of(stored[1])
  local hot, at = hot_of(stored[2])
  for index, limit in ipairs(plan.limits) do
    if at + 7 <= #stored[2] then
      hot.level[index], at = struct.unpack("<d", stored[2], at)
    else
      hot.level[index] = limit.burst
    end
  end
  return {
    prefix = prefix, key = key, base = base, name = name, now = now,
    plan = plan, hot = hot, pulse = pulse_of(stored[3]),
  }
end

-- While its level is open, a queue's door stands open up to `middle`. While on top of that nothing limits it and nothing
-- has ever been throttled, its workers need no permits of their own: `calm` is the number of all permits given meanwhile.
local function fast_pack(site)
  local plan, hot = site.plan, site.hot
  if site.pulse.level ~= 0 then
    return ""
  end
  local calm = #plan.limits == 0 and plan.concurrency == 0 and plan.queues == 1 and hot.phase == 1 and hot.half == 0
    and hot.gate <= site.now and hot.mirrored == 0 and hot.deferred == 0
  if calm then
    hot.calm = 1
  end
  return struct.pack("<dd", plan.middle, calm and hot.granted + 1 or 0)
end

local function save(site)
  local fast = fast_pack(site)
  if site.cold then
    redis.call("HSET", site.key, "hot", hot_pack(site.hot), "pulse:" .. site.name, pulse_pack(site.pulse),
      "fast:" .. site.name, fast, "state", cmsgpack.pack(site.cold))
  else
    redis.call("HSET", site.key, "hot", hot_pack(site.hot), "pulse:" .. site.name, pulse_pack(site.pulse),
      "fast:" .. site.name, fast)
  end
end

-- In-flight is counted from BullMQ's own lists at the moment of decision: a second counter could leak.
local function in_flight(site)
  if site.plan.queues == 1 then
    return redis.call("LLEN", site.base .. "active")
  end
  local count = 0
  for name in string.gmatch(string.sub(site.plan.packed, site.plan.names), "[^\n]+") do
    count = count + redis.call("LLEN", site.prefix .. ":" .. name .. ":active")
  end
  return count
end
