local DRAIN_TAU_MS = 10000

-- Jobs of a queue finished per second, over an exponential window of 10 s.
local function drain_count(pulse, now)
  pulse.sum = pulse.sum * math.exp(-math.max(0, now - pulse.at) / DRAIN_TAU_MS) + 1
  pulse.at = now
end

local function drain_per_second(pulse, now)
  return pulse.sum * math.exp(-math.max(0, now - pulse.at) / DRAIN_TAU_MS) / (DRAIN_TAU_MS / 1000)
end
