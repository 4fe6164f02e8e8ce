--- @include "counter"
-- What an answer says of the API's own counters sets the pace before the first 429: `list` holds the age of what it says (ms since
-- the call was sent) and { unit, limit, remaining, resetMs, windowMs } of each counter, whole numbers, -1 where it was not said
-- (src/bullmq/ending.ts).
local HEARD_MS = 100           -- every answer tells the same: hear them this often
local ON_ITS_WAY_MS = 10       -- between a permit and its call

-- The counter's memory, by unit and window.
local function counter_of(law, unit, window_ms)
  law.counters = law.counters or {}
  local key = unit .. ":" .. window_ms
  law.counters[key] = law.counters[key] or counter_new()
  return law.counters[key]
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

local function hinted(site, permit, list)
  local hot, now = site.hot, site.now
  if site.plan.adaptive ~= 1 or now - hot.heard < HEARD_MS then
    return
  end
  law_begin(site)
  hot.heard = now
  local law, age = cold(site).law, list[1]
  -- Calls that the API has counted since. Of a run that made several calls, only those since its last one.
  local after = (hot.granted - permit.granted) * math.min(1, (age + ON_ITS_WAY_MS) / math.max(1, now - permit.at))
  local told, shut = math.huge, 0
  for index = 2, #list do
    local unit, limit, remaining, reset_ms, window_ms = unpack(list[index])
    if limit > 0 and unit ~= "concurrent-requests" then
      local counter = counter_of(law, unit, window_ms)
      local rate, till = counter_rate(counter, {
        unit = unit, limit = limit, remaining = remaining, reset = reset_ms, window = window_ms, now = now, age = age, at = now - age,
        after = after, calls = hot.granted - after - law.start - law.refused,
      })
      counter.told = rate
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
