-- What a throttled call teaches the law (law.lua): its phases, and the state that only learning needs.
local START_RATE = 20          -- permits/s of a cold start
local PROVEN_HOLD = 2          -- s
local PROVEN_MS = 3000         -- a rate that was accepted for so long is one that holds
local CALLS_PER_PROBE = 600    -- a probe costs 1-2 429s: 0.2-0.3 % of the calls

-- The state of a limiter that has not learned anything yet (phase 0). Calls granted under an earlier law say nothing about
-- this one: the fence and the anchor start where the count of grants stands.
local function law_begin(site)
  local hot, plan, now = site.hot, site.plan, site.now
  if hot.phase ~= 0 then
    return
  end
  hot.at = 0; hot.last = now; hot.grown = 0; hot.hold = 1; hot.hungry = 0; hot.top = 0; hot.began = now; hot.base = 0
  if plan.adaptive ~= 1 then
    hot.phase = FREE
  elseif plan.cap > 0 then
    hot.phase = STEADY; hot.base = plan.cap
  elseif plan.paced == 1 then
    hot.phase = RAMP; hot.base = START_RATE
  else
    hot.phase = FREE
  end
  cold(site).law = {
    refused = 0, fence = hot.granted, latency = 100, since = now, opened = 0, event = 0, pause = 0,
    anchor = { granted = hot.granted, refused = 0, at = now },
  }
end

-- Settle on `base` and hold it for half of the level's age. A drop below 0.7 of what was held before may be temporary:
-- probe after a thirtieth.
local function law_hold(hot, law, base, now)
  base = math.max(base, LEAST_RATE)
  if math.abs(base - hot.base) > 0.15 * hot.base then
    law.since = now
  end
  hot.phase = STEADY
  hot.base = base
  hot.grown = 0
  -- What was proven is probed slowly; what was lost, or never was known, quickly.
  local lost = base < LOST * hot.top
  local least = (lost or hot.top == 0) and 0.3 or PROVEN_HOLD
  local age = (now - law.since) / 1000
  hot.hold = math.max(least, 6 * law.latency / 1000, 4 / base, math.min(CALLS_PER_PROBE / base, age / (lost and 30 or 2)))
end

-- What the API accepted per second since the anchor; nil when too few calls say so.
local function law_estimate(law, permit)
  local accepted = (permit.granted - law.anchor.granted) - (law.refused - 1 - law.anchor.refused)
  local seconds = (permit.at - law.anchor.at) / 1000
  if accepted < 8 or seconds <= 0 then
    return nil
  end
  return accepted / seconds
end

local function law_flush(hot, law, permit, rate, now)
  law.flush = { granted = permit.granted, refused = law.refused - 1, rate = rate }
  hot.phase = FLUSH
  return now + math.max(50, 1.5 * law.latency)
end

-- A throttled call. Answers until when the fleet shall stand still (0: not at all).
-- All throttled calls granted before the last decrease belong to its event: one event, one decrease (I7).
local function law_throttled(hot, law, plan, permit, accepted_recently, now)
  law.refused = law.refused + 1
  law.latency = 0.7 * law.latency + 0.3 * math.min(math.max(now - permit.at, 1), 30000)
  if plan.adaptive ~= 1 or permit.granted <= law.fence then
    return 0
  end
  law.fence = hot.granted
  local rate = law_rate(hot, plan)
  local again = now - law.event < math.max(2.5 * law.latency, 8000 / math.max(hot.base, LEAST_RATE))
  law.event = now
  local till = 0
  if hot.phase == FREE then
    law_hold(hot, law, math.max(1, 0.9 * accepted_recently), now)
  elseif hot.phase == RAMP then
    till = law_flush(hot, law, permit, permit.rate > 0 and permit.rate or rate, now)
  elseif hot.phase == STEADY then
    if law.opened > 0 and now - law.opened < 600 then
      law_hold(hot, law, 0.4 * hot.base, now)
    elseif again then
      till = law_flush(hot, law, permit, rate, now)
    else
      local base = law_estimate(law, permit)
      if not base or permit.at - law.anchor.at < PROVEN_MS then
        -- Mostly the burst that the API had saved up while it was left alone: too short to tell its rate.
        base = 0.85 * math.min(rate, base or rate)
      elseif rate > 1.25 * base then
        base = math.max(base, 0.7 * rate)
      else
        base = base + 0.3 * (rate - base)
      end
      if permit.at - law.anchor.at >= PROVEN_MS then
        hot.top = math.max(base, 0.9 * hot.top)
      end
      law_hold(hot, law, math.min(math.max(base, rate / 4), rate), now)
    end
  end
  law.anchor = { granted = permit.granted, refused = law.refused, at = permit.at }
  -- Leave the API a cushion against jitter before going on.
  hot.at = math.max(hot.at, now) + math.min(3, 0.2 + 0.1 * hot.base) * 1000 / law_rate(hot, plan)
  return till
end

-- The first ask after a stand-still: how much of what was in flight did the API accept?
local function law_flushed(hot, law, now)
  if not law.flush then
    return
  end
  local calls = hot.granted - law.flush.granted + 1
  local refused = law.refused - law.flush.refused
  local share = (calls - refused) / calls
  -- A few calls are no sample. A ramp with tau 0.45 s ends at 2.2 times the limit where the API's burst is 0.2 s of it.
  if calls < 8 then share = 0.45 end
  law_hold(hot, law, law.flush.rate * math.max(0.2, math.min(share, 0.97)), now)
  law.flush = nil
  law.anchor = { granted = hot.granted, refused = law.refused, at = now }
end

local function law_opened(hot, law, now)
  law_flushed(hot, law, now)
  law.pause = 0
  law.opened = now
  hot.grown = 0
  hot.at = math.max(hot.at, now)
  law.anchor = { granted = hot.granted, refused = law.refused, at = now }
end
