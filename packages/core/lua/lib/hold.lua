-- Settling on a pace: for how long it is held, and how it grows from then on.
-- Where a 429 makes the whole fleet pause (Retry-After), a probe costs that pause: so many of them are between two probes.
local PAUSES_PER_PROBE = 12
local CALLS_HELD = 40          -- at 1/s a probe every 40 calls is 2.5 % of them; where a second has more, it is nothing
local TOP_FADES = 0.998        -- per event; a drop to a fifth for 15 s brings a dozen
local ROUGH = 0.7              -- a pace below this share of the one before is a guess: neither held for long nor left by leaps
local WINDOW_MOST = 2          -- s; a closure up to this long is a short window's, and costs little to run into again
local AT_ONCE = 4              -- calls in flight at most: the API answers at once, and what it accepted is known
local CALLS_KNOWN = 30         -- after fewer calls nothing is known
local ROUGH_PAUSES = 2         -- a guess is held for two of the stand-stills that it may cost
local BACKS = 4                -- so often a rate that was held before may be reached again and refused, then it is forgotten

-- How the pace grows after the hold: by `amplitude` times an e-fold every `fold` s, and above 15 % an e-fold every `speed` s.
--   lost    well below what was held before: as fast as a few calls and a round trip allow (10 to 100/s in a second)
--   rough   a guess: 15 % in two seconds, then gently, because a window tells of it late (8 s: `bare-window-1s` 0.95 to 0.965)
--   proven  1.2 %, so that a full bucket is left with about one 429 per event
local function law_grow(hot, shape, base)
  if shape == "lost" then
    hot.amplitude, hot.fold, hot.speed = 0.03, 0.4, math.max(0.3, hot.rise)
  elseif shape == "rough" then
    hot.amplitude, hot.fold, hot.speed = 0.05, math.max(1.2, 6 / base), 8
  else
    -- However long it holds still, once it probes it goes on.
    hot.amplitude, hot.fold, hot.speed = 0.012, math.min(hot.hold, 0.5 * CALLS_PER_PROBE / base), 4
  end
end

-- Settle on `base`; `rate` is the pace that it follows. A drop below 0.7 of what was held before may be temporary: probe after
-- a 30th of the level's age instead of half of it.
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
  local lost = base < LOST * hot.top
  local known = math.max(hot.most, law.widest) <= AT_ONCE and hot.granted - law.start > CALLS_KNOWN
  law.rough = base < ROUGH * rate and law.shut < 1000 * WINDOW_MOST and not known
  local shape = lost and "lost" or law.rough and "rough" or "proven"
  if shape == "rough" then
    hot.hold = math.max(0.3, 3 * law.latency / 1000, 4 / base, ROUGH_PAUSES * law.shut / 1000)
  else
    local calm = math.min(CALLS_PER_PROBE / base, (now - law.since) / 1000 / (lost and 30 or 2))
    if shape == "proven" then
      calm = math.max(calm, PAUSES_PER_PROBE * law.shut / 1000, CALLS_HELD / base)
    end
    hot.hold = math.max(0.3, 6 * law.latency / 1000, 4 / base, calm)
  end
  law_grow(hot, shape, base)
end

-- A rate that was held before and is reached again (law.lua) is stayed at. Refused there again and again, it is no more; or it
-- was a full bucket that held it.
local function law_back(hot, law)
  if hot.back > 0 then
    law.backs = hot.granted - hot.back < CALLS_PER_PROBE and law.backs + 1 or 0
    if law.backs == BACKS then
      hot.top, law.backs = hot.base, 0
    end
    hot.back = 0
  end
end
