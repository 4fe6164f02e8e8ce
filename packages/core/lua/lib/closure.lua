-- The API has closed: a Retry-After says so, or next to nothing of what was in flight was accepted. Whether it means what it
-- says, and what it teaches of the API's pace when it opens again.
local LIE_SHARE = 0.1          -- of what was in flight when it said Retry-After: above it the API did not mean it
local RAMP_OVERSHOOT = 0.52    -- a bucket of a tenth of a second is empty when the ramp is at 1.6 to 1.9 times its rate
local BACK_OFF = 0.06          -- the most that one closure takes off a pace that held for a while
local RISE = 1.5               -- round trips that a quick ramp takes for an e-fold
local BELOW_WINDOW = 0.85      -- of what a short window seems to let through: a closure costs more than a few seconds 15 % below
local SAME = 0.1               -- two closures equally long, up to this share: a penalty, no window that ends
local OVERTAKE_MS = 10         -- between two calls that left one after the other, their order at the API is not known
local DOUBT = 2                -- a Retry-After up to this many times one that was a lie is not believed either

-- Two closures of the same length are a penalty: a window's depends on how fast it was used up.
local function law_penalty(law, closure_ms)
  law.penalty = closure_ms > 1000 * WINDOW_MOST and math.abs(closure_ms - law.closure) <= SAME * closure_ms
  law.closure = closure_ms
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
    law_penalty(law, retry_after)
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
    law_flushed(hot, law, now, told)
  elseif flush then
    law.flush = nil
    local trouble = law.trouble
    if not told then
      law.shut = now - trouble.at
      law_penalty(law, law.shut)
    end
    local from = law_open_since(hot, law)
    local accepted = law_between(from, hot.granted, law.refused)
    local low = accepted / math.max(0.001, (now - from.at) / 1000)
    local high = accepted / math.max(0.001, (trouble.at - from.at) / 1000)
    local between = accepted < CALLS_TELL and low or math.max(trouble.least, low ^ 0.25 * high ^ 0.75)
    -- No window is shorter than its closure, or, where it says so in whole seconds, than one: what the ramp brought in that time.
    local wide = math.max(1, told and told.ms / 1000 or (now - trouble.at) / 1000)
    if not trouble.ramp and not law.penalty then
      between = wide <= WINDOW_MOST and low ^ 0.75 * high ^ 0.25 or low
    elseif trouble.ramp and accepted >= CALLS_TELL and wide <= WINDOW_MOST then
      local tau = math.max(RAMP_TAU, accepted / trouble.ramp)
      between = math.max(low, BELOW_WINDOW * trouble.ramp * tau * (1 - math.exp(-wide / tau)) / wide)
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
