--- @include "hold"
--- @include "estimate"
--- @include "closure"
--- @include "crowd"
-- What a throttled call teaches the law (law.lua): its phases, and the state that only learning needs.
local START_RATE = 20          -- permits/s of a cold start

-- The state of a limiter that has not learned anything yet (phase 0). Calls granted under an earlier law say nothing about
-- this one: the fence and the anchor start where the count of grants stands.
local function law_begin(site)
  local hot, plan, now = site.hot, site.plan, site.now
  if hot.phase ~= 0 then
    return
  end
  hot.at = 0; hot.last = now; hot.grown = 0; hot.hold = 1; hot.hungry = 0; hot.top = 0; hot.began = now; hot.base = 0
  hot.rise = 0.25; hot.amplitude = 0.012; hot.fold = 1; hot.speed = 4; hot.back = 0
  hot.told = 0; hot.crowd = 0; hot.most = 0
  if plan.adaptive ~= 1 then
    hot.phase = FREE
  elseif plan.cap > 0 then
    hot.phase = STEADY; hot.base = plan.cap
  elseif plan.paced == 1 then
    hot.phase = RAMP; hot.base = START_RATE
  else
    hot.phase = FREE
  end
  local here = { granted = hot.granted, refused = 0, at = now }
  cold(site).law = {
    refused = 0, fence = hot.granted, latency = 100, since = now, event = 0, pause = 0, shut = 0, lied = 0, closure = 0, backs = 0,
    crowds = {}, mistaken = 0, widest = 0,
    tally = { ok = 0, all = 0 }, start = hot.granted, anchor = here, before = here,
  }
end

-- A throttled call. Answers until when the fleet shall stand still (0: not at all).
-- All throttled calls granted before the last decrease belong to its event: one event, one decrease (I7).
-- `believed`: for how long the API asks to be left alone (ms), nil when it does not or is not believed;
-- `recently`: what it accepted per second over the last two, and whether so much was refused that the limit has fallen.
local function law_throttled(hot, law, plan, permit, believed, recently, now)
  law.refused = law.refused + 1
  if law.flush and permit.granted > law.flush.granted then
    law.flush.bad = law.flush.bad + 1
  end
  law.latency = 0.7 * law.latency + 0.3 * math.min(math.max(now - permit.at, 1), 30000)
  if plan.adaptive ~= 1 or permit.granted <= law.fence then
    return 0
  end
  -- Of what was in flight at the last event: so many refused that it was no noise.
  local many = law.refused - law.anchor.refused >= math.max(4, 0.3 * (law.fence - law.anchor.granted))
  law.fence = hot.granted
  local rate = law_pace(hot, plan)
  local again = now - law.event < math.max(2.5 * law.latency, 8000 / math.max(hot.base, LEAST_RATE))
  law.event = now
  if not again and not permit.probe then
    -- Where it began, for a closure that comes of it.
    law.trouble = {
      at = permit.at, rate = rate, ramp = hot.phase == RAMP and rate or nil,
      least = (hot.phase == RAMP and RAMP_OVERSHOOT or 0.97) * rate,
    }
  end
  local till = 0
  if hot.phase == FREE then
    law_hold(hot, law, math.max(1, 0.9 * recently.accepted), now, 0)
  elseif hot.phase == RAMP then
    law_flush(hot, law, permit, permit.rate > 0 and permit.rate or rate)
    till = now + math.max(50, 1.5 * law.latency)
  elseif hot.phase == STEADY then
    local base = law_estimate(hot, law, permit)
    -- What it accepted for the last two seconds it will accept again, unless the limit has fallen since.
    base = math.max(base or 0.85 * rate, recently.fallen and 0 or math.min(recently.accepted, 0.97 * rate))
    base = base + 0.3 * (rate - base)
    base = math.min(math.max(base, rate / 4), rate)
    if believed then
      law_hold(hot, law, law_after_closure(hot, law, permit, believed, rate, base), now, rate)
    elseif hot.grown < 0 then
      -- It opened to a probe and closed at once: the limit fell.
      local accepted, seconds = law_accepted(law, law_open_since(hot, law), permit.granted, permit.at)
      law_hold(hot, law, math.min(rate, math.max(rate / 4, (accepted + 1) / math.max(seconds, 0.001))), now, rate)
    elseif again and (law.again or many) then
      law_flush(hot, law, permit, rate)
      till = now + math.max(50, 1.5 * law.latency)
    else
      law_hold(hot, law, again and 0.97 * rate or base, now, rate)
    end
    law_back(hot, law)
    law.again = again
    law_crowd(hot, law, permit, rate, recently.accepted)
  end
  law.anchor = { granted = permit.granted, refused = law.refused, at = permit.at }
  -- Leave the API a cushion against jitter before going on.
  hot.at = math.max(hot.at, now) + math.min(3, 0.2 + 0.1 * hot.base) * 1000 / law_rate(hot, plan)
  return till
end
