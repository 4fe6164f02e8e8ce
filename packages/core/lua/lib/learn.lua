-- What a throttled call teaches the law (law.lua): its phases, and the state that only learning needs.
local START_RATE = 20          -- permits/s of a cold start
-- Where a 429 makes the whole fleet pause (Retry-After), a probe costs that pause: 3 % of the time once the estimate is sure.
local PAUSES_PER_PROBE = 30
local PAUSES_UNSURE = 6
local CALLS_TELL = 8           -- fewer calls say nothing about a share or a rate
local TOP_FADES = 0.998        -- per event; a drop to a fifth for 15 s brings a dozen

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
    refused = 0, fence = hot.granted, latency = 100, since = now, opened = 0, event = 0, pause = 0, shut = 0,
    anchor = { granted = hot.granted, refused = 0, at = now },
  }
end

-- Settle on `base` and hold it. A drop below 0.7 of what was held before may be temporary: probe after a 30th of the
-- level's age instead of half of it.
local function law_hold(hot, law, base, now)
  base = math.max(base, LEAST_RATE)
  if math.abs(base - hot.base) > 0.15 * hot.base then
    law.since = now
  end
  -- Held before is only what was held without a throttled call, for long enough to empty a bucket.
  local proven = hot.phase == STEADY and hot.grown > 1 and hot.grown * hot.base > 60
  hot.top = math.max(hot.top * TOP_FADES, proven and hot.base or 0)
  hot.phase = STEADY
  hot.base = base
  hot.grown = 0
  local dropped = base < LOST * hot.top
  local calm = math.min(CALLS_PER_PROBE / base, (now - law.since) / 1000 / (dropped and 30 or 2))
  if not dropped then
    calm = math.max(calm, (law.sure and PAUSES_PER_PROBE or PAUSES_UNSURE) * law.shut / 1000)
  end
  hot.hold = math.max(0.3, 6 * law.latency / 1000, 4 / base, calm)
end

-- What the API accepts per second, from the calls since the anchor, when its bucket was empty; nil when too few say so.
-- While the fleet stood still at the gate the bucket filled up, maybe to the brim: with that time counted the answer is
-- too low, without it too high, and the truth is between; nearer to the latter, because pauses are longer than bursts.
local function law_estimate(hot, law, permit, rate)
  local accepted = (permit.granted - law.anchor.granted) - (law.refused - 1 - law.anchor.refused)
  local seconds = (permit.at - math.max(law.anchor.at, hot.began)) / 1000
  if accepted < CALLS_TELL or seconds <= 0 then
    return nil
  end
  local low, high = accepted / seconds, accepted / seconds
  if law.opened > law.anchor.at and permit.at > law.opened then
    high = accepted * 1000 / (permit.at - law.opened)
  end
  -- Where the rate grew a lot since, most of those calls were let through by a full bucket: a lower bound, no more.
  law.sure = high < 1.6 * low and rate < 1.4 * high
  return low ^ 0.25 * high ^ 0.75, high
end

local function law_flush(hot, law, permit, rate, now)
  law.flush = { granted = permit.granted, refused = law.refused - 1, rate = rate, seen = law_estimate(hot, law, permit, rate) }
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
    local base, high = law_estimate(hot, law, permit, rate)
    if base and law.opened > law.anchor.at then
      if rate > 1.25 * high then
        base = math.max(base, 0.7 * rate)
      elseif hot.grown > 3 and rate < 1.1 * hot.base then
        -- Held for a while, and refused when it grew by a little. (Where the limit fell, the next event says so at once.)
        base = math.max(base, 0.985 * rate)
        law.sure = true
      end
      law_hold(hot, law, math.min(base, rate), now)
    elseif law.opened > 0 and now - law.opened < 600 then
      law_hold(hot, law, 0.4 * hot.base, now)
    elseif again then
      till = law_flush(hot, law, permit, rate, now)
    else
      if not base then
        base = 0.85 * rate
      elseif rate > 1.25 * base then
        base = math.max(base, 0.7 * rate)
      else
        base = base + 0.3 * (rate - base)
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
  local rate, seen = law.flush.rate, law.flush.seen
  if calls >= CALLS_TELL then
    rate = rate * math.max(0.2, math.min((calls - refused) / calls, 0.97))
  else
    -- Too few to tell a share. What was accepted before is a little too much: the bucket was not empty at the start.
    rate = seen and math.min(0.95 * seen, rate) or 0.5 * rate
  end
  law.sure = false
  law_hold(hot, law, rate, now)
  law.flush = nil
end

local function law_opened(hot, law, now)
  law_flushed(hot, law, now)
  law.pause = 0
  law.opened = now
  law.shut = now - law.anchor.at
  hot.grown = 0
  hot.at = math.max(hot.at, now)
end
