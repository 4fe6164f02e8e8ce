local DRAIN_TAU_MS = 10000
-- A window that has just begun is taken for this long: the first job that ends says little.
local DRAIN_LEAST_MS = 500
-- After a pause in which ten would have been expected the queue was idle or held up: how fast it drains is measured anew,
-- and what was measured before counts as one second of it.
local DRAIN_PAUSE, DRAIN_PAUSE_LEAST_MS, DRAIN_PRIOR_MS = 10, 2000, 1000

-- Jobs of a queue finished per second, over an exponential window of 10 s that began at `pulse.began`: until it is full,
-- the sum stands for the time that has passed only. (Without that, 3 s after a start at 100/s it said 26/s.)
local function drain_per_second(pulse, now)
  local passed = math.max(DRAIN_LEAST_MS, now - pulse.began)
  return pulse.sum * math.exp(-math.max(0, now - pulse.at) / DRAIN_TAU_MS)
    / (1 - math.exp(-passed / DRAIN_TAU_MS)) / (DRAIN_TAU_MS / 1000)
end

-- `count` jobs have ended at `at`.
local function drain_count(pulse, at, count)
  local gap = math.max(0, at - pulse.at)
  local rate = pulse.sum > 0 and drain_per_second(pulse, pulse.at) or 0
  if pulse.sum == 0 then
    pulse.began = at
  elseif gap > DRAIN_PAUSE_LEAST_MS and gap * rate > DRAIN_PAUSE * 1000 then
    pulse.began, pulse.sum = at - DRAIN_PRIOR_MS, rate * DRAIN_PRIOR_MS / 1000
  else
    pulse.sum = pulse.sum * math.exp(-gap / DRAIN_TAU_MS)
  end
  pulse.sum = pulse.sum + count
  pulse.at = math.max(pulse.at, at)
end
