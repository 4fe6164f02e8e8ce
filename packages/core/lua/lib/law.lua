-- The control law: one rate for the fleet, learned from what the API accepts and refuses. Pure: plain state in, plain
-- state out, time as an argument; no Redis call. The constants' origin: docs/controller.md.
--
--   free    unpaced, until the first throttled call (queues that name no limiter)
--   ramp    a cheap, fast start: doubles every 0.3 s until the first throttled call
--   flush   calls in flight are counted out, to see what share of them the API accepted
--   steady  just below the estimate, held, then probed upward slowly, then faster
local START_RATE = 20          -- permits/s of a cold start
local RAMP_TAU = 0.45          -- s; overshoot at 100/s costs 0.27 s of it; a faster ramp paid more in 429s
local MARGIN = 0.01            -- start this far below the estimate
local PROBE_AMPLITUDE = 0.012  -- small, so that a full bucket is left with about one 429 per event
local CALLS_PER_PROBE = 600    -- a probe costs 1-2 429s: 0.2-0.3 % of the calls
local CATCH_UP_MS = 20         -- a late timekeeper may take this much at once (the default burst of a declared limit)
local LEAST_RATE = 0.05        -- one call in 20 s: the floor of any estimate
local RAMP_IN_FLIGHT = 16      -- long latencies answer late: bound what a ramp has out

local function law_init(law, config, now)
  if law.phase then
    return law
  end
  law.granted = 0; law.refused = 0; law.accepted = 0; law.fence = 0
  law.at = 0; law.last = now; law.latency = 100; law.grown = 0; law.since = now; law.top = 0; law.opened = 0
  law.hungry = 0; law.began = now; law.event = 0; law.pause = 0
  law.anchor = { granted = 0, refused = 0, at = now }
  if config.adaptive ~= 1 then
    law.phase = "free"; law.base = 0
  elseif config.cap then
    law.phase = "steady"; law.base = config.cap; law.hold = 1
  elseif config.paced == 1 then
    law.phase = "ramp"; law.base = START_RATE
  else
    law.phase = "free"; law.base = 0
  end
  return law
end

local function law_rate(law, config)
  if law.phase == "free" then
    return math.huge
  end
  local rate = law.base
  if law.phase == "steady" then
    if law.grown <= law.hold then
      rate = law.base * (1 - MARGIN + MARGIN * law.grown / law.hold)
    else
      local x = math.min((law.grown - law.hold) / law.hold, 20)
      local over = PROBE_AMPLITUDE * (math.exp(x) - 1)
      if over > 0.15 then
        -- The limit really moved: from here one e-fold per 0.5 s towards a rate held before, else per 2.5 s.
        local knee = law.hold * (1 + math.log(1 + 0.15 / PROBE_AMPLITUDE))
        local pace = law.base < 0.7 * law.top and 0.5 or 2.5
        over = 1.15 * math.exp(math.min((law.grown - knee) / pace, 20)) - 1
      end
      rate = law.base * (1 + over)
    end
  end
  return math.max(LEAST_RATE, math.min(rate, config.cap or math.huge))
end

-- Milliseconds until the next permit; 0 when it may go now.
local function law_wait(law, config, in_flight, now)
  if law.phase == "free" then
    return 0
  end
  if law.phase == "ramp" then
    local room = RAMP_IN_FLIGHT * 2 ^ ((now - law.began) / 1000) + 2 * law.accepted
    if in_flight >= room then
      law.hungry = 1
      return CATCH_UP_MS
    end
  end
  local wait = law.at - now
  if wait > 0 then
    law.hungry = 1
    return wait
  end
  return 0
end

local function law_grant(law, config, now)
  law.granted = law.granted + 1
  if law.phase ~= "free" then
    -- Growth only while demand waits: below the limit the rate must not inflate.
    local passed = math.min(now - law.last, 1000) / 1000
    if law.hungry == 1 then
      if law.phase == "ramp" then
        law.base = law.base * math.exp(passed / RAMP_TAU)
      elseif law.phase == "steady" then
        law.grown = law.grown + passed
      end
    end
    local interval = 1000 / law_rate(law, config)
    law.at = math.max(law.at, now - math.max(interval, CATCH_UP_MS)) + interval
  end
  law.hungry = 0
  law.last = now
end

-- Settle on `base` and hold it. A drop below 0.7 of what was held before may be temporary: probe after a tenth of the
-- level's age instead of half of it.
local function law_hold(law, base, now)
  base = math.max(base, LEAST_RATE)
  if law.base and math.abs(base - law.base) > 0.15 * law.base then
    law.since = now
  end
  law.top = math.max(base, (law.top or 0) * 0.97)
  law.phase = "steady"
  law.base = base
  law.grown = 0
  local age = (now - law.since) / 1000
  local share = base < 0.7 * law.top and 10 or 2
  law.hold = math.max(0.3, 6 * law.latency / 1000, 4 / base, math.min(CALLS_PER_PROBE / base, age / share))
end

-- What the API accepted per second since the anchor, and how many calls that rests on.
local function law_estimate(law, permit)
  local accepted = (permit.granted - law.anchor.granted) - (law.refused - 1 - law.anchor.refused)
  local seconds = (permit.at - law.anchor.at) / 1000
  if accepted < 8 or seconds <= 0 then
    return nil
  end
  return accepted / seconds
end

local function law_flush(law, permit, rate, now)
  law.flush = { granted = permit.granted, refused = law.refused - 1, rate = rate }
  law.phase = "flush"
  return now + math.max(50, 1.5 * law.latency)
end

-- A throttled call. Answers until when the fleet shall stand still (0: not at all).
-- All throttled calls granted before the last decrease belong to its event: one event, one decrease (I7).
local function law_throttled(law, config, permit, accepted_recently, now)
  law.refused = law.refused + 1
  law.latency = 0.7 * law.latency + 0.3 * math.min(math.max(now - permit.at, 1), 30000)
  if config.adaptive ~= 1 or permit.granted <= law.fence then
    return 0
  end
  law.fence = law.granted
  local rate = law_rate(law, config)
  local again = now - law.event < math.max(2.5 * law.latency, 8000 / math.max(law.base, LEAST_RATE))
  law.event = now
  local till = 0
  if law.phase == "free" then
    law_hold(law, math.max(1, 0.9 * accepted_recently), now)
  elseif law.phase == "ramp" then
    till = law_flush(law, permit, permit.rate, now)
  elseif law.phase == "steady" then
    if now - law.opened < 600 and law.opened > 0 then
      law_hold(law, 0.4 * law.base, now)
    elseif again then
      till = law_flush(law, permit, rate, now)
    else
      local base = law_estimate(law, permit)
      if not base then
        base = 0.85 * rate
      elseif rate > 1.25 * base then
        base = math.max(base, 0.7 * rate)
      else
        base = base + 0.3 * (rate - base)
      end
      law_hold(law, math.min(math.max(base, rate / 4), rate), now)
    end
  end
  law.anchor = { granted = permit.granted, refused = law.refused, at = permit.at }
  -- Leave the API a cushion against jitter before going on.
  law.at = math.max(law.at, now) + math.min(3, 0.2 + 0.1 * law.base) * 1000 / law_rate(law, config)
  return till
end

-- The first ask after a stand-still: how much of what was in flight did the API accept?
local function law_flushed(law, now)
  if law.phase ~= "flush" then
    return
  end
  local calls = law.granted - law.flush.granted + 1
  local refused = law.refused - law.flush.refused
  local share = (calls - refused) / calls
  law_hold(law, law.flush.rate * math.max(0.2, math.min(share, 0.97)), now)
  law.flush = nil
  law.anchor = { granted = law.granted, refused = law.refused, at = now }
end

local function law_opened(law, now)
  law_flushed(law, now)
  law.pause = 0
  law.opened = now
  law.grown = 0
  law.at = math.max(law.at, now)
  law.anchor = { granted = law.granted, refused = law.refused, at = now }
end
