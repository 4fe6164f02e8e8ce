-- The control law: one rate for the fleet, learned from what the API accepts and refuses. Pure: plain state in, plain
-- state out, time as an argument; no Redis call. This is the part that every permit runs; learn.lua is what a throttled
-- call teaches. The constants' origin: docs/controller.md.
--
--   free    unpaced, until the first throttled call (queues that name no limiter)
--   ramp    a cheap, fast start: an e-fold every 0.3 s until the first throttled call
--   flush   calls in flight are counted out, to see what share of them the API accepted
--   steady  just below the estimate, held, then probed upward slowly, then faster
local RAMP_TAU = 0.3           -- s per e-fold; long latencies make it slower: RAMP_OUT
local MARGIN = 0.01            -- start this far below the estimate
local CATCH_UP_MS = 20         -- a late timekeeper may take this much at once (the default burst of a declared limit)
local LEAST_RATE = 0.05        -- one call in 20 s: the floor of any estimate
local CALLS_PER_PROBE = 600    -- a probe costs 1-2 429s: 0.2-0.3 % of the calls
-- What a ramp has out is what it can lose at the first 429: two until three calls were accepted (at 1/s each costs a second),
-- then four, doubling every second because long latencies answer late, and a quarter of what was accepted.
local FIRST_OUT, FIRST_OK = 2, 3
local RAMP_IN_FLIGHT, RAMP_OUT = 4, 0.25

local MOVED = 1.15             -- above the estimate by this factor without a throttled call, the limit is another one
local LOST = 0.7               -- below this share of what was held before, a drop may be temporary

-- 0 is a limiter that was never asked.
local FREE, RAMP, FLUSH, STEADY = 1, 2, 3, 4

-- What time has made of the pace since it was learned: below 1 in the quick ramp after an opening and while it is held, then more
-- and more.
local function law_factor(hot)
  if hot.grown < 0 then
    return math.exp(hot.grown)
  elseif hot.grown <= hot.hold then
    return 1 - MARGIN + MARGIN * hot.grown / hot.hold
  end
  local factor = 1 + hot.amplitude * (math.exp(math.min((hot.grown - hot.hold) / hot.fold, 20)) - 1)
  if factor > MOVED then
    -- The limit really moved.
    local knee = hot.hold + hot.fold * math.log(1 + (MOVED - 1) / hot.amplitude)
    factor = MOVED * math.exp(math.min((hot.grown - knee) / hot.speed, 20))
  end
  return factor
end

-- The pace that was learned.
local function law_pace(hot, plan)
  if hot.phase <= FREE then
    return math.huge
  end
  local rate = hot.base
  if hot.phase == STEADY then
    rate = rate * law_factor(hot)
  end
  if plan.cap > 0 and rate > plan.cap then
    rate = plan.cap
  end
  return rate > LEAST_RATE and rate or LEAST_RATE
end

-- The pace: never above what the API itself tells of (hinted.lua).
local function law_rate(hot, plan)
  local rate = law_pace(hot, plan)
  return hot.told > 0 and rate > hot.told and hot.told or rate
end

-- Milliseconds until the next permit; 0 when it may go now. `out` is what is in flight; only a ramp asks for it.
local function law_wait(hot, out, now)
  if hot.phase == FREE then
    return 0
  end
  if hot.phase == RAMP then
    local most = hot.ok < FIRST_OK and FIRST_OUT or RAMP_IN_FLIGHT
    if out >= most * 2 ^ math.min((now - hot.began) / 1000, 20) + RAMP_OUT * hot.ok then
      return CATCH_UP_MS
    end
  end
  local wait = hot.at - now
  if wait > 0 then
    hot.hungry = 1
    return wait
  end
  return 0
end

-- Whether as many calls are in flight as the API seems to stand; how many that is grows as the rate does.
local function law_crowded(hot, out)
  if out < math.floor(hot.crowd * math.max(1, law_factor(hot))) then
    return false
  end
  hot.hungry = 1
  return true
end

-- Takes a permit; answers the rate it was granted at (0: unpaced).
local function law_grant(hot, plan, now)
  hot.granted = hot.granted + 1
  local rate = 0
  if hot.phase ~= FREE then
    if hot.phase == RAMP and hot.grown == 0 then
      -- It begins with its first call: workers ask long before there are jobs.
      hot.began = now; hot.grown = 1
    end
    -- Growth only while demand waits: below the limit the rate must not inflate.
    if hot.hungry == 1 then
      local passed = math.min(now - hot.last, 1000) / 1000
      if hot.phase == RAMP then
        hot.base = hot.base * math.exp(passed / RAMP_TAU)
      elseif hot.phase == STEADY then
        hot.grown = hot.grown < 0 and math.min(0, hot.grown + passed / hot.rise) or hot.grown + passed
      end
      hot.hungry = 0
    end
    rate = law_rate(hot, plan)
    if hot.phase == STEADY and hot.base < LOST * hot.top and rate >= 0.98 * hot.top then
      -- Back at a rate that was held before: stay there, instead of paying for an overshoot.
      hot.base = hot.top; hot.grown = 0; hot.hold = CALLS_PER_PROBE / hot.base
      hot.amplitude, hot.fold, hot.speed = 0.012, hot.hold, 8
      hot.back = hot.granted
      rate = law_rate(hot, plan)
    end
    local interval = 1000 / rate
    hot.at = math.max(hot.at, now - math.max(interval, CATCH_UP_MS)) + interval
  end
  hot.last = now
  return rate
end
