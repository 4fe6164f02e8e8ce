-- What the API accepts, from counts: calls granted less calls refused, over the time between two moments.
local CALLS_TELL = 8           -- fewer calls say nothing about a share or a rate
local HELD = 2                 -- s; what was accepted for less may have come out of a full bucket
local BUCKET_AWAY = 0.85       -- a bucket of a tenth of a second in what a ramp of half a second brought
local SHUT_SHARE = 0.12        -- of what was in flight at a 429: below it the API has closed, above it it is just too fast

-- Since when the API stands open: its last opening, or the first call.
local function law_open_since(hot, law)
  return law.open or { granted = law.start, refused = 0, at = hot.began }
end

-- Calls accepted between two moments, each with the counts of what was granted and refused until then.
local function law_between(from, granted, refused)
  return granted - from.granted - (refused - from.refused)
end

-- Calls accepted between a moment and this throttled call's permit, and the seconds between them.
local function law_accepted(law, from, granted, at)
  return law_between(from, granted, law.refused - 1), (at - from.at) / 1000
end

-- What the API accepts per second. Between two moments at which its bucket was empty it is exactly what was accepted, per
-- second; the longer ago the first, the better, as long as the limit did not move. nil when too few calls say so.
local function law_estimate(hot, law, permit)
  local accepted, seconds = law_accepted(law, law.anchor, permit.granted, permit.at)
  if accepted < CALLS_TELL or seconds <= 0 then
    return nil
  end
  local short = accepted / seconds
  if seconds > HELD and law.shut == 0 then
    -- Held before is also what was accepted for so long, whatever was refused meanwhile; not by a window, which lends.
    hot.top = math.max(hot.top, short)
  end
  local all, whole = law_accepted(law, law.before, permit.granted, permit.at)
  local long = whole > 0 and all / whole or short
  if math.abs(short / long - 1) <= 0.1 + 2 / accepted then
    return long
  end
  law.before = law.anchor
  return short
end

-- The fleet stands still, and what is in flight is counted out: from this throttled call on, how many of them are refused.
local function law_flush(hot, law, permit, rate)
  law.flush = {
    granted = permit.granted, refused = law.refused - 1, bad = 1, rate = rate, at = permit.at,
    calls = hot.granted - permit.granted + 1, seconds = math.max(1, hot.last - permit.at) / 1000,
  }
  hot.phase = FLUSH
end

-- The first ask after a stand-still: how much of what was in flight did the API accept? true when it was next to nothing:
-- the API has closed, as a used-up window does, and a probe shall tell when it opens.
local function law_flushed(hot, law, now, told)
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
    local accepted, seconds = law_between(from, flush.granted, flush.refused), (flush.at - from.at) / 1000
    if accepted < CALLS_TELL then
      -- With the time that this closure took, but not what an operator or a spent quota made of it.
      local till = math.min(now, flush.at + 1000 + (told and told.ms or 0))
      accepted, seconds = law_between(from, hot.granted, law.refused), (till - from.at) / 1000
    end
    local pace = math.max(1, accepted) / math.max(0.001, seconds)
    if accepted >= CALLS_TELL and told then
      -- All that its bucket held was counted in; where a refusal costs a closure, that is taken off.
      pace = BUCKET_AWAY * pace
    end
    rate = math.min(0.7 * rate, pace)
  end
  law_hold(hot, law, rate, now, flush.rate)
  return false
end
