-- What an answer says of the API's own counters sets the pace before the first 429: `list` holds { unit, limit, remaining,
-- resetMs, windowMs } of each, whole numbers, -1 where it was not said (src/bullmq/ending.ts).
--
-- A counter of `limit` calls in a window is a rate. A window that is not named is at least as long as the longest reset that
-- was seen, and exactly as long as what lies between two resets. What somebody else has used of a window is seen in what
-- remains of it: then what remains is spread over the time until its reset.
local HEARD_MS = 100           -- every answer tells the same: hear them this often
-- Jitter puts a call too many into a window: so far below what is told, at least, and up to so many calls in small windows. Over
-- real HTTP a window of 100 a second was run into four times a minute at 99.5, and each time cost its Retry-After.
local TOLD_MARGIN, SMALL_MARGIN, JITTER_CALLS = 0.005, 0.02, 1.5
local TRUSTED_RESET_MS = 2000  -- resets are told in whole seconds; shorter ones say little
local SAME_RESET_MS = 1600     -- two answers tell of the same reset, up to their rounding and their way
local SPREAD_MOST_MS = 120000  -- a longer window is spread evenly only when little of it remains
local SCARCE = 0.1             -- of its calls
local USED_BY_OTHERS = 0.5     -- of what should remain: below it somebody else calls this API too

-- The counter's memory, by unit and window: how long its window is, when it resets, since when that is known, and the pace that
-- what remains allows.
local function counter_of(law, unit, window_ms)
  law.counters = law.counters or {}
  local key = unit .. ":" .. window_ms
  law.counters[key] = law.counters[key] or { window = 0, reset = 0, since = 0, pace = math.huge }
  return law.counters[key]
end

-- Calls per second that a counter allows now, and until when it allows none (0: it does).
local function counter_rate(counter, limit, remaining, reset_ms, window_ms, out, now)
  if reset_ms > 0 then
    local reset = now + reset_ms
    if math.abs(reset - counter.reset) > SAME_RESET_MS then
      -- The next window of the same counter: what lies between is its length.
      if counter.reset > 0 and counter.reset <= now + SAME_RESET_MS and reset_ms > TRUSTED_RESET_MS and counter.since > 0 then
        counter.window = math.max(counter.window, reset - counter.reset)
      end
      counter.reset, counter.since, counter.pace = reset, now, math.huge
    end
    counter.window = math.max(counter.window, reset_ms)
  end
  local window = window_ms > 0 and window_ms or counter.window
  if window <= 0 then
    return math.huge, 0
  end
  if window > SPREAD_MOST_MS and remaining - out > SCARCE * limit then
    -- An hour's or a day's calls are there to be used when they are needed.
    return math.huge, 0
  end
  local spare = math.max(TOLD_MARGIN * limit, math.min(JITTER_CALLS, SMALL_MARGIN * limit))
  local rate = (limit - spare) * 1000 / window
  -- A reset that has stood still while time went by is a window's that ends, not a bucket's that fills.
  if remaining >= 0 and now - counter.since > SAME_RESET_MS then
    local left, seconds = remaining - out, reset_ms / 1000
    if reset_ms > TRUSTED_RESET_MS and left < USED_BY_OTHERS * rate * seconds then
      counter.pace = math.max(0, left) / seconds
    end
    if left <= 0 and counter.pace < rate then
      return rate, counter.reset
    end
    return math.min(rate, counter.pace), 0
  end
  return rate, 0
end

-- The pace is at most what the API tells of. A fleet that went at what it was told before goes at what it is told now.
local function law_tell(hot, law, rate, now)
  local before = hot.told
  hot.told = rate
  if hot.phase == RAMP or hot.phase == FREE then
    hot.at = math.max(hot.at, now)
    law_hold(hot, law, rate, now, rate)
    hot.top = math.max(hot.top, rate)
  end
  -- What was spaced by a slower pace goes on at this one.
  hot.at = math.min(hot.at, now + 1000 / rate)
  if hot.phase == STEADY and before > 0 and hot.base >= 0.97 * before then
    hot.base = rate
  end
end

local function hinted(site, list)
  local hot, now = site.hot, site.now
  if site.plan.adaptive ~= 1 or now - hot.heard < HEARD_MS then
    return
  end
  law_begin(site)
  hot.heard = now
  local law, out = cold(site).law, in_flight(site)
  local told, shut = math.huge, 0
  for _, each in ipairs(list) do
    local unit, limit, remaining, reset_ms, window_ms = each[1], each[2], each[3], each[4], each[5]
    if unit == "requests" and limit > 0 then
      local rate, till = counter_rate(counter_of(law, unit, window_ms), limit, remaining, reset_ms, window_ms, out, now)
      told, shut = math.min(told, rate), math.max(shut, till)
    end
  end
  if told < math.huge then
    law_tell(hot, law, told, now)
  end
  if shut > hot.gate then
    gate_shut(site, shut, "hint")
    hot.half = 2
    level_review_all(site)
  end
end
