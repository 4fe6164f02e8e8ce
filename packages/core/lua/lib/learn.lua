-- What a throttled call teaches the law (law.lua): its phases, and the state that only learning needs.
local START_RATE = 20          -- permits/s of a cold start
-- Where a 429 makes the whole fleet pause (Retry-After), a probe costs that pause: so many of them are between two probes.
local PAUSES_PER_PROBE = 12
local CALLS_TELL = 8           -- fewer calls say nothing about a share or a rate
local TOP_FADES = 0.998        -- per event; a drop to a fifth for 15 s brings a dozen
local SHUT_SHARE = 0.12        -- of what was in flight at a 429: below it the API has closed, above it it is just too fast
local LIE_SHARE = 0.1         -- of what was in flight when it said Retry-After: above it the API did not mean it
local RAMP_OVERSHOOT = 0.56     -- a bucket of a tenth of a second is empty when the ramp is at 1.6 to 1.9 times its rate
local BACK_OFF = 0.06          -- the most that one closure takes off a pace that held for a while
local RISE = 1.5
local ROUGH = 0.7
local BACKS = 4
local CALLS_HELD = 40
local ROUGH_SPEED = 8
local ROUGH_PAUSES = 1
local ROUGH_BELOW = 0.85
local WIDE_MOST = 2
local OVERTAKE_MS = 10         -- between two calls that left one after the other, their order at the API is not known
local DOUBT = 2                -- a Retry-After up to this many times one that was a lie is not believed either

-- The state of a limiter that has not learned anything yet (phase 0). Calls granted under an earlier law say nothing about
-- this one: the fence and the anchor start where the count of grants stands.
local function law_begin(site)
  local hot, plan, now = site.hot, site.plan, site.now
  if hot.phase ~= 0 then
    return
  end
  hot.at = 0; hot.last = now; hot.grown = 0; hot.hold = 1; hot.hungry = 0; hot.top = 0; hot.began = now; hot.base = 0; hot.rise = 0.25
  hot.amplitude = 0.012; hot.fold = 1; hot.speed = 4; hot.told = 0; hot.crowd = 0; hot.most = 0; hot.back = 0
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
    refused = 0, fence = hot.granted, latency = 100, since = now, event = 0, pause = 0, shut = 0, lied = 0,
    tally = { ok = 0, all = 0 }, start = hot.granted, anchor = here, before = here,
  }
end

-- Settle on `base` and hold it. A drop below 0.7 of what was held before may be temporary: probe after a 30th of the
-- level's age instead of half of it.
local function law_hold(hot, law, base, now, rate)
  base = math.max(base, LEAST_RATE)
  if math.abs(base - hot.base) > 0.15 * hot.base then
    law.since = now
  end
  -- Held before is only what was held without a throttled call, for long enough to empty a bucket.
  local proven = hot.phase == STEADY and hot.grown > 3 and hot.grown * hot.base > 60
  hot.top = math.max(hot.top * TOP_FADES, proven and hot.base or 0)
  hot.phase = STEADY
  hot.base = base
  hot.grown = 0
  local dropped = base < LOST * hot.top
  local calm = math.min(CALLS_PER_PROBE / base, (now - law.since) / 1000 / (dropped and 30 or 2))
  law.rough = base < ROUGH * rate and law.shut < 1000 * WIDE_MOST
  if not dropped and not law.rough then
    calm = math.max(calm, PAUSES_PER_PROBE * law.shut / 1000, CALLS_HELD / base)
  end
  hot.hold = math.max(0.3, 6 * law.latency / 1000, 4 / base, calm)
  if dropped then
    hot.amplitude, hot.fold, hot.speed = 0.03, 0.4, math.max(0.3, hot.rise)
  elseif law.rough then
    hot.hold = math.max(0.3, 3 * law.latency / 1000, 4 / base)
    hot.amplitude, hot.fold, hot.speed = 0.05, math.max(1.2, 6 / base), ROUGH_SPEED
  else
    -- However long it holds still, once it probes it goes on.
    hot.amplitude, hot.fold, hot.speed = 0.012, math.min(hot.hold, 0.5 * CALLS_PER_PROBE / hot.base), 4
  end
end

-- Since when the API stands open: its last opening, or the first call.
local function law_open_since(hot, law)
  return law.open or { granted = law.start, refused = 0, at = hot.began }
end

-- Calls accepted between a moment and this throttled call's permit, and the seconds between them.
local function law_accepted(law, from, granted, at)
  return (granted - from.granted) - (law.refused - 1 - from.refused), (at - from.at) / 1000
end

-- What the API accepts per second. Between two moments at which its bucket was empty it is exactly what was accepted, per
-- second; the longer ago the first, the better, as long as the limit did not move. nil when too few calls say so.
local function law_estimate(law, permit)
  local accepted, seconds = law_accepted(law, law.anchor, permit.granted, permit.at)
  if accepted < CALLS_TELL or seconds <= 0 then
    return nil
  end
  local short = accepted / seconds
  local all, whole = law_accepted(law, law.before, permit.granted, permit.at)
  local long = whole > 0 and all / whole or short
  if math.abs(short / long - 1) <= 0.1 + 2 / accepted then
    return long
  end
  law.before = law.anchor
  return short
end

local function law_flush(hot, law, permit, rate)
  law.flush = {
    granted = permit.granted, refused = law.refused - 1, bad = 1, rate = rate, at = permit.at,
    calls = hot.granted - permit.granted + 1, seconds = math.max(1, hot.last - permit.at) / 1000,
  }
  hot.phase = FLUSH
end

-- Evidence on a Retry-After: was a call that was granted after the one that brought it accepted (1) or refused (0)? One that
-- followed closely may have overtaken it on the way.
-- Answers whether it has proven a lie by now: then the gate opens without a probe.
local function law_told(law, permit, accepted)
  local told = law.told
  if not told or permit.at <= told.at + OVERTAKE_MS then
    return false
  end
  told.ok = told.ok + accepted
  told.all = told.all + 1
  local lie = told.all >= 4 and told.ok >= 2 and told.ok > LIE_SHARE * told.all
  if lie then
    law.lied = math.max(law.lied, told.ms)
  end
  return lie
end

-- Whether this Retry-After holds the fleet back. A later one within the same closure only moves the gate.
local function law_believes(law, permit, retry_after)
  law_told(law, permit, 0)
  if retry_after <= DOUBT * law.lied then
    return false
  end
  if not law.told then
    law.penalty = retry_after > 1000 * WIDE_MOST and math.abs(retry_after - (law.said or 0)) <= 0.1 * retry_after
    law.said = retry_after
    law.told = { at = permit.at, ok = 0, all = 0, ms = retry_after }
  end
  return true
end

-- The pace after a closure, from how long the API stood open before it and what it accepted in that time. Open for less than
-- two closures (a window that is used up): the limit is above what was accepted with the closure counted in, and below what
-- was accepted without. Open for longer: the longer, the nearer to its limit the pace was.
local function law_after_closure(hot, law, permit, closure_ms, rate, estimate)
  local from = law_open_since(hot, law)
  local accepted, seconds = law_accepted(law, from, permit.granted, permit.at)
  local closure = closure_ms / 1000
  seconds = math.max(0.001, seconds - (from.unsent or 0))
  if law.penalty or seconds > 2 * closure then
    return math.min(estimate, rate * (1 - BACK_OFF * math.min(1, 4 * closure / seconds)))
  end
  local whole = accepted < CALLS_TELL and closure or math.max(0.25 * closure, closure - 0.75)
  return math.min(0.97 * rate, math.max(1, accepted) / (seconds + whole))
end

-- An API that counts calls in flight refuses whenever one more is out than it stands, so the most that were out between two
-- events is always the same, and the last of them was refused. A bound just below it is all that such an API wants: the pace may
-- rise. Under any other API that most is an extreme, and a bound there holds nobody.
local CROWD_EVENTS, CROWD_LEAST = 4, 8
local CROWD_LIFT, CROWD_CALLS = 1.05, 300
local function law_crowd(hot, law, permit, rate, accepted)
  local most = hot.most
  hot.most = 0
  if hot.crowd > 0 and most > hot.crowd and permit.granted - law.anchor.granted > CROWD_CALLS then
    -- One more was tried, and refused: the bound is where it was, and the pace had no part in it.
    hot.base = math.max(hot.base, CROWD_LIFT * accepted)
    law.crowds = {}
    return
  end
  local crowds = law.crowds or {}
  crowds[#crowds + 1] = most
  law.crowds = crowds
  if hot.crowd > 0 then
    if #crowds == 2 then
      -- Refused with fewer in flight: it counts something else.
      hot.crowd = 0; law.crowds = nil
      law.mistaken = (law.mistaken or 0) + 1
    end
    return
  end
  local events = CROWD_EVENTS * (1 + (law.mistaken or 0))
  if #crowds > events then table.remove(crowds, 1) end
  local least, largest = math.min(unpack(crowds)), math.max(unpack(crowds))
  if #crowds == events and least >= CROWD_LEAST and largest - least <= math.max(1, 0.05 * least) then
    hot.crowd = least - 1
    hot.base = CROWD_LIFT * rate
    law.crowds = {}
  end
end

-- A throttled call. Answers until when the fleet shall stand still (0: not at all).
-- All throttled calls granted before the last decrease belong to its event: one event, one decrease (I7).
-- `believed`: for how long the API asks to be left alone (ms), nil when it does not or is not believed;
-- `recently`: what it accepted per second over the last three, and whether so much was refused that the limit has fallen.
local function law_throttled(hot, law, plan, permit, believed, recently, now)
  law.refused = law.refused + 1
  if law.flush and permit.granted > law.flush.granted then
    law.flush.bad = law.flush.bad + 1
  end
  law.latency = 0.7 * law.latency + 0.3 * math.min(math.max(now - permit.at, 1), 30000)
  if plan.adaptive ~= 1 or permit.granted <= law.fence then
    return 0
  end
  local many = law.refused - law.anchor.refused >= math.max(4, 0.3 * (law.fence - law.anchor.granted))
  law.fence = hot.granted
  local rate = law_rate(hot, plan)
  local again = now - law.event < math.max(2.5 * law.latency, 8000 / math.max(hot.base, LEAST_RATE))
  law.event = now
  if not again and not permit.probe then
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
    local base = law_estimate(law, permit)
    -- What it accepted for the last three seconds it will accept again, unless the limit has fallen since.
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
    if hot.back > 0 and hot.granted - hot.back < CALLS_PER_PROBE then
      law.backs = (law.backs or 0) + 1
      if law.backs == BACKS then
        -- What was held before is no more; or it was a full bucket that held it.
        hot.top, law.backs = hot.base, 0
      end
    elseif hot.back > 0 then
      law.backs = 0
    end
    hot.back = 0
    law.again = again
    law_crowd(hot, law, permit, rate, recently.accepted)
  end
  law.anchor = { granted = permit.granted, refused = law.refused, at = permit.at }
  -- Leave the API a cushion against jitter before going on.
  hot.at = math.max(hot.at, now) + math.min(3, 0.2 + 0.1 * hot.base) * 1000 / law_rate(hot, plan)
  return till
end

-- The first ask after a stand-still: how much of what was in flight did the API accept? true when it was next to nothing:
-- the API has closed, as a used-up window does, and a probe shall tell when it opens.
local function law_flushed(hot, law, now)
  local flush = law.flush
  if not flush then
    return false
  end
  local calls = flush.calls
  local share = (calls - flush.bad) / calls
  if calls >= 4 and share < SHUT_SHARE then
    flush.closed = true
    return true
  end
  law.flush = nil
  local rate = flush.rate
  if calls >= CALLS_TELL then
    -- The rate grew while they went out: what counts is how fast they really went.
    rate = (calls - 1) / flush.seconds * math.max(0.2, math.min(share, 0.97))
  else
    -- Too few to tell: what was accepted on the way there is the better measure, if it is near.
    local from = law_open_since(hot, law)
    local accepted, seconds = flush.granted - from.granted - (flush.refused - from.refused), (flush.at - from.at) / 1000
    if accepted < CALLS_TELL then
      accepted, seconds = hot.granted - from.granted - (law.refused - from.refused), (now - from.at) / 1000
    end
    local pace = math.max(1, accepted) / math.max(0.001, seconds)
    rate = math.min(0.7 * rate, pace)
  end
  law_hold(hot, law, rate, now, flush.rate)
  return false
end

-- A probe came through. What was accepted since the last opening, over all the time since then, is what a window lets
-- through; over the time until it closed it is what a punishing API does.
local function law_opened(hot, law, plan, probe, now)
  local told, tally = law.told, law.tally
  law.told = nil
  if told then
    -- Where few calls are in flight, one closure tells little: they are counted together, the old ones half.
    tally.ok, tally.all = tally.ok / 2 + told.ok, tally.all / 2 + told.all
    if tally.all >= 2 and tally.ok > LIE_SHARE * tally.all then
      law.lied = math.max(law.lied, told.ms)
    elseif tally.all >= 4 and tally.ok < SHUT_SHARE * tally.all then
      law.lied = 0
    end
  end
  -- What a stand-still costs is weighed against what probing brings; one that will not be obeyed again costs nothing.
  law.shut = law.lied > 0 and 0 or now - law.anchor.at
  local flush = law.flush
  if flush and not flush.closed then
    law_flushed(hot, law, now)
  elseif flush then
    law.flush = nil
    local trouble = law.trouble
    if not told then
      law.shut = now - trouble.at
      law.penalty = law.shut > 1000 * WIDE_MOST and math.abs(law.shut - (law.said or 0)) <= 0.15 * law.shut
      law.said = law.shut
    end
    local from = law_open_since(hot, law)
    local accepted = hot.granted - from.granted - (law.refused - from.refused)
    local low = accepted / math.max(0.001, (now - from.at) / 1000)
    local high = accepted / math.max(0.001, (trouble.at - from.at) / 1000)
    local between = accepted < CALLS_TELL and low or math.max(trouble.least, low ^ 0.25 * high ^ 0.75)
    -- No window is shorter than its closure, or, where it says so in whole seconds, than one: what the ramp brought in that time.
    local wide = math.max(1, told and told.ms / 1000 or (now - trouble.at) / 1000)
    local rough = trouble.ramp and accepted >= CALLS_TELL and wide <= WIDE_MOST
    if not trouble.ramp and not law.penalty then
      between = wide <= WIDE_MOST and low ^ 0.75 * high ^ 0.25 or low
    elseif rough then
      local tau = math.max(RAMP_TAU, accepted / trouble.ramp)
      between = math.max(low, ROUGH_BELOW * trouble.ramp * tau * (1 - math.exp(-wide / tau)) / wide)
    end
    law_hold(hot, law, math.min(trouble.rate, between), now, trouble.rate)
  elseif hot.phase == STEADY then
    law_hold(hot, law, hot.base, now, law.rough and math.huge or hot.base)
  end
  -- A quick ramp, from two calls a round trip on. What it does not send in that time is no measure of the API.
  hot.rise = math.max(0.05, RISE * law.latency / 1000)
  hot.grown = probe and math.min(0, -math.log(hot.base * law.latency / 2000)) or 0
  local unsent = hot.rise * (math.exp(hot.grown) - 1 - hot.grown)
  law.open = { granted = hot.granted, refused = law.refused, at = now, unsent = unsent }
  if told or law.shut > 0 then
    -- How long the gate was shut says nothing of the API's pace.
    law.anchor = law.open; law.before = law.open
  end
  law.pause = 0
  hot.at = math.max(hot.at, probe and probe.at + 1000 / law_rate(hot, plan) or now)
end
