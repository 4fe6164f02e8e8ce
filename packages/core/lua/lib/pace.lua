-- At level `slow` admissions are paced, over all producers of the limiter.

-- The slowest pace: producers must find out that the API works again.
local PACE_LEAST = 1
-- A slot further ahead than this is not reserved: its owner may have gone by then.
local SLOT_MOST_MS = 2000

-- Jobs a second that the API really accepts; before anything was accepted, what the controller would let through.
local function pace(site)
  local rate = math.max(slow().ring_sums(site, 3) / 3, slow().accepted_per_second(site))
  if rate == 0 and site.hot.phase > FREE then
    rate = law_rate(site.hot, site.plan)
  end
  return math.max(PACE_LEAST, rate)
end
