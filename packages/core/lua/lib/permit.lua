--- @include "site"
--- @include "bucket"
--- @include "law"
--- @include "slow"
-- The permit: may a job of this queue, at this cost, run against the API now?

-- A half-open gate lets one probe out; without an answer by then the next permit is the probe.
local PROBE_MS = 10000
local SCARCE_MS = 1000

-- Where all jobs of the queue cost the same, its cost is part of the plan.
local function plan_cost(plan)
  local cost = {}
  for index, limit in ipairs(plan.limits) do cost[index] = limit.cost end
  return cost
end

-- Milliseconds until a permit can be had: 0 now, nil when somebody will say so. `leaving`: jobs that are active still, and
-- will not be when the permit is used.
local function permit_wait(site, cost, leaving)
  local hot, plan, now = site.hot, site.plan, site.now
  if hot.gate > now then
    return hot.gate - now
  end
  if hot.phase == 0 then
    slow().law_begin(site)
  elseif hot.phase == FLUSH then
    slow().flushed(site)
  end
  if hot.half == 2 then
    slow().reopen(site)
  elseif hot.half == 1 and hot.probe > now then
    return hot.probe - now
  end
  local out = 0
  if plan.concurrency > 0 or hot.phase >= RAMP then
    out = in_flight(site) - leaving
    if plan.concurrency > 0 and out >= plan.concurrency or hot.crowd > 0 and law_crowded(hot, out) then
      -- Slots are scarce as permits are: without turns a queue that has them all keeps them as long as it has jobs.
      if plan.queues > 1 then hot.scarce = now + SCARCE_MS end
      return nil
    end
  end
  site.out = out
  buckets_fill(plan, hot, now)
  local wait = law_wait(hot, out, now)
  if plan.queues > 1 or plan.windowed == 1 then
    wait = slow().shared_wait(site, cost, wait)
  else
    local missing = buckets_wait(plan, hot, cost, nil)
    if missing > wait then wait = missing end
  end
  if wait > 0 then
    hot.scarce = now + SCARCE_MS
    if hot.asked == 0 then hot.asked = now end
  end
  return wait
end

-- Takes the permit. What it was travels with the job and comes back with its outcome, so nothing about it is stored:
-- whether it is the probe, its number, when (us) and at what rate (thousandths) it was granted, and the reserved cost where
-- jobs differ. One string, ready to stand in the ending's JSON: as a list it cost a worker 2 us of 57.
local function permit_text(probe, number, at, rate, carried)
  return string.format("%d,%.0f,%.0f,%.0f,%s", probe, number, at, rate, carried ~= "" and carried or "0")
end

local function permit_take(site, cost, carried)
  local hot, plan, now = site.hot, site.plan, site.now
  buckets_take(plan, hot, cost)
  hot.asked = 0
  if site.out >= hot.most then hot.most = site.out + 1 end
  local rate = law_grant(hot, plan, now)
  if hot.half == 1 then
    hot.probe = now + PROBE_MS
  end
  if plan.queues > 1 then
    slow().serve(site, cost)
  end
  if plan.windowed == 1 then
    for index in ipairs(plan.limits) do
      if cost[index] > 0 then slow().window_add(site, index, cost[index]) end
    end
  end
  return permit_text(hot.half, hot.granted, now * 1000, rate * 1000, carried)
end
