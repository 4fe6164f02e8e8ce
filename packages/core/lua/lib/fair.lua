-- Permits between the queues of one limiter, and jobs that do not all cost the same.

-- How long a queue has to take the turn that was passed to it, and for how long it is passed over when it did not.
local TURN_MS = 100
local ABSENT_MS = 3000
local CLAIM_MS = 1000

-- A cost by unit, as a list in the order of the plan's limits.
local function cost_list(site, by_unit)
  cold(site)
  local cost = {}
  for index, limit in ipairs(site.config.limits) do cost[index] = by_unit[limit.unit] or 0 end
  return cost
end

-- After a stand-still: go on at what was accepted; or, when next to nothing was, with a probe.
local function flushed(site)
  local hot = site.hot
  if law_flushed(hot, cold(site).law, site.now) then
    hot.half = 1
  end
end

local function served_by(site, name)
  return pulse_of(redis.call("HGET", site.key, "pulse:" .. name)).served
end

-- The queue with the least served units, of those that have jobs waiting, is next. Only while permits are scarce; a queue
-- that does not ask within 100 ms has no living worker, and is passed over for a while.
local function turn_of(site)
  local state = cold(site)
  state.absent[site.name] = nil
  if state.turn and state.turn.name == site.name then
    state.turn = nil
  end
  if site.hot.scarce < site.now then
    return nil
  end
  local other, least
  for name in each_name(site) do
    if name ~= site.name and (state.absent[name] or 0) < site.now then
      local served = served_by(site, name)
      if served < site.pulse.served and (not least or served < least)
        and has_waiting(site.prefix .. ":" .. name .. ":") then
        other, least = name, served
      end
    end
  end
  if not other then
    return nil
  end
  local turn = state.turn
  if turn and turn.name == other and turn.till < site.now then
    state.absent[other] = site.now + ABSENT_MS
    state.turn = nil
    return nil
  end
  if not turn or turn.name ~= other then
    state.turn = { name = other, till = site.now + TURN_MS }
  end
  return other
end

-- The first queue that is refused for cost lays its hand on the bucket; the others get only what exceeds that, unless
-- they were served less.
local function foreign_claim(site)
  local claim = cold(site).claim
  if claim and claim.name ~= site.name and claim.till >= site.now and site.pulse.served >= claim.served then
    return claim.cost
  end
  return nil
end

-- permit_wait for limiters with several queues, or with jobs that cost more than a burst. `wait` is the law's.
local function shared_wait(site, cost, wait)
  local hot, plan, now = site.hot, site.plan, site.now
  local other = plan.queues > 1 and turn_of(site) or nil
  local claim = plan.queues > 1 and foreign_claim(site) or nil
  local missing = buckets_wait(plan, hot, cost, claim)
  if plan.windowed == 1 then
    for index, limit in ipairs(plan.limits) do
      if cost[index] > 0 then
        missing = math.max(missing, window_wait(site, index, cost[index]))
      end
    end
  end
  if missing > wait then
    wait = missing
    if plan.queues > 1 and not claim and not other then
      cold(site).claim = { name = site.name, cost = cost, till = now + wait + CLAIM_MS, served = site.pulse.served }
    end
  end
  if other then
    hot.scarce = now + 1000
    redis.call("ZADD", site.prefix .. ":" .. other .. ":marker", 0, "0")
    -- The other queue's worker may be gone: ask again when its time is up.
    return math.max(wait, TURN_MS), "turn"
  end
  return wait
end

-- The largest share of a limit that the cost takes: what makes costs of 1 and of 4,000 comparable.
local function weight_of(site, cost)
  local weight = 0
  for index, limit in ipairs(site.plan.limits) do
    weight = math.max(weight, cost[index] / limit.amount)
  end
  return weight > 0 and weight or 1
end

-- A queue that was idle comes back with the credit of one period at most.
local function serve(site, cost)
  local weight = weight_of(site, cost)
  local least
  for name in each_name(site) do
    if name ~= site.name then
      local served = served_by(site, name)
      if (not least or served < least) and has_waiting(site.prefix .. ":" .. name .. ":") then least = served end
    end
  end
  site.pulse.served = math.max(site.pulse.served, (least or 0) - 1) + weight
  local state = cold(site)
  if state.claim and state.claim.name == site.name then state.claim = nil end
end
