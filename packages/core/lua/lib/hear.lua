-- Outcomes that are more than a count: throttled calls, probes, and costs that turn out different.

local PAUSE_LEAST_MS = 100
local PAUSE_MOST_MS = 30000
local REFUSED_MOST = 0.1       -- of the accepted, in the last seconds: above it the limit has fallen

-- The next pause after a probe that was throttled: half as long again each time, for an API that says nothing.
local function next_pause(law)
  law.pause = math.min(PAUSE_MOST_MS, math.max(PAUSE_LEAST_MS, law.pause * 1.5))
  return law.pause
end

-- What a throttled call says is taken in whatever becomes of its job: a worker that lost its lock still heard the API.
local function hear(site, permit, retry_after)
  local hot, now = site.hot, site.now
  law_begin(site)
  local law = cold(site).law
  local ok, refused = ring_sums(site, 4)
  local last = ring_sums(site, 2)
  local recently = {
    accepted = last >= 30 and last / (1 + now / 1000 % 1) or ok / (3 + now / 1000 % 1), fallen = refused > REFUSED_MOST * ok,
  }
  hot.secondThrottled = hot.secondThrottled + 1
  -- Shorter than its own way here, it is over already, and says no more than the 429 did.
  local short = retry_after < law.latency and retry_after > DOUBT * law.lied and retry_after or 0
  local believed = retry_after > short and law_believes(law, permit, retry_after) and retry_after or nil
  local till = law_throttled(hot, law, site.plan, permit, believed, recently, now)
  if permit.probe then
    till = math.max(till, now + next_pause(law))
    hot.probe = 0
  end
  if believed or short > 0 then
    till = math.max(till, now + retry_after)
  end
  if believed or permit.probe then
    hot.half = 1
  end
  if till > now then
    gate_shut(site, till, "throttled")
  end
  level_review_all(site)
end

-- While the gate is shut the calls that were in flight come back: an API that accepts them did not mean its Retry-After.
local function accepted_while_shut(site, permit)
  if law_told(cold(site).law, permit, 1) then
    site.hot.half = 2
  end
end

-- At the gate's end, where no probe is needed.
local function reopen(site)
  site.hot.half = 0
  law_opened(site.hot, cold(site).law, site.plan, nil, site.now)
end

-- After BullMQ has moved the job. A probe that came through opens the gate; one that taught nothing makes room for another.
local function settled(site, permit, outcome, spent, reserved)
  local hot = site.hot
  if outcome ~= "ok" then
    redis.call("HINCRBY", site.key, "count:" .. outcome, 1)
  end
  if permit.probe and hot.half == 1 then
    hot.probe = 0
    if outcome == "ok" then
      hot.half = 0
      law_opened(hot, cold(site).law, site.plan, permit, site.now)
    end
    if outcome ~= "throttled" then
      wake(site)
    end
  end
  if outcome == "released" then
    spent = {}
    if permit.rate > 0 then
      -- It never reached the API: its place in the pace is free, too, so that jobs past their deadline do not wait for it.
      hot.at = hot.at - 1000 / permit.rate
    end
  elseif not spent then
    return
  end
  reserved = permit.reserved and cost_list(site, permit.reserved) or reserved
  local actual = {}
  cold(site)
  for index, limit in ipairs(site.config.limits) do
    actual[index] = spent[limit.unit] or (outcome == "released" and 0 or reserved[index])
    if actual[index] < reserved[index] and site.now - permit.at >= limit.perMs then
      -- The window that it was granted in is over: nothing to give back.
      actual[index] = reserved[index]
    end
    if site.plan.windowed == 1 and actual[index] ~= reserved[index] then
      window_settle(site, index, actual[index] - reserved[index], permit.at)
    end
  end
  buckets_fill(site.plan, hot, site.now)
  buckets_settle(site.plan, hot, reserved, actual)
end
