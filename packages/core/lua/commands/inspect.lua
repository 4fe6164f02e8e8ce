--- @keys 1
--- @include "clock"
--- @include "slow"
--- @include "bare"
--- @include "config"
--[[
  Everything there is to know about a limiter, or about one of its queues, at one moment. Changes nothing.

  KEYS[1]  <prefix>:@limiter
  ARGV[1]  prefix
  ARGV[2]  queue name, or "" for the limiter
  ARGV[3]  time to use instead of Redis' own (ms)
  Reply    JSON, decoded in src/control/status.ts; "" when it was never registered
]]
local prefix, name, now = ARGV[1], ARGV[2], clock(ARGV[3])
local meta = redis.call("HMGET", KEYS[1], "code", "disagreement", "override", "pauseReason",
  "count:throttled", "count:failed", "count:released",
  "count:quota", "count:refused", "count:expired")
local site = meta[1] and any_site(prefix, name, now)
if not site then
  return ""
end
local PHASES = { "free", "ramp", "flush", "steady" }
if site.hot.calm == 1 then
  slow().uncalm(site)
  save(site)
end
local state, hot, plan = slow().cold(site), site.hot, site.plan

if name == "" then
  if site.plan.queues > 0 then
    slow().law_begin(site)
  end
  buckets_fill(plan, hot, now)
  if plan.queues == 0 then
    -- No queue has joined it: nothing was ever asked of it, and there is no plan to read from.
    local code, override = cjson.decode(meta[1]), cjson.decode(meta[3] or "{}")
    plan.concurrency = override.concurrency or code.concurrency or 0
    plan.adaptive = code.adaptive and 1 or 0
    for index, limit in ipairs(site.config.limits) do hot.level[index] = limit.burst end
  end
  local limits, queues = {}, {}
  for index, limit in ipairs(site.config.limits) do
    limits[index] = {
      unit = limit.unit, amount = limit.amount, perMs = limit.perMs, burst = limit.burst, remaining = hot.level[index],
    }
  end
  for queue in slow().each_name(site) do queues[#queues + 1] = queue end
  local rate = law_rate(hot, plan)
  local cap = cap_of(site.config.limits)
  if plan.queues == 0 and plan.adaptive == 1 and cap > 0 then rate = cap end
  local ok, throttled = slow().ring_sums(site, 10)
  return cjson.encode({
    now = now, rate = rate ~= math.huge and rate or nil, phase = PHASES[hot.phase] or "idle", adaptive = plan.adaptive == 1,
    gateUntil = hot.gate, why = state.why, half = hot.half == 1, pauseReason = meta[4] or nil,
    inFlight = in_flight(site), concurrency = plan.concurrency > 0 and plan.concurrency or nil,
    limits = #limits > 0 and limits or nil, queues = #queues > 0 and queues or nil,
    accepted = ok / 10, throttled = throttled / 10, share = slow().throttled_share(site),
    totals = { granted = hot.granted, ok = hot.ok, throttled = tonumber(meta[5] or 0) + tonumber(meta[8] or 0),
      failed = tonumber(meta[6] or 0), released = tonumber(meta[7] or 0),
      refused = tonumber(meta[9] or 0), expired = tonumber(meta[10] or 0) },
    shutMs = math.max(0, (state.shut or 0) - math.max(0, hot.gate - now)),
    disagreement = meta[2] or nil, override = meta[3] or nil,
    learned = hot.phase == STEADY and (state.law.event > 0 or hot.told > 0) and {
      rate = hot.base, since = state.law.since, concurrency = hot.crowd > 0 and hot.crowd or nil,
      told = hot.told > 0 and hot.told or nil,
    } or nil,
  })
end

local queue = slow().load_queue(site, name)
local base = site.base
local oldest
local function may_be_oldest(id)
  local at = id and tonumber(redis.call("HGET", base .. id, "timestamp") or "")
  if at and (not oldest or at < oldest) then oldest = at end
end
for _, list in ipairs({ "wait", "paused", "active" }) do
  may_be_oldest(redis.call("LINDEX", base .. list, -1))
end
-- Of each priority the first has waited longest; of so many, the most urgent ones and the last in line.
local MOST_PRIORITIES = 16
local from = 0
for _ = 1, MOST_PRIORITIES do
  local first = redis.call("ZRANGEBYSCORE", base .. "prioritized", from, "+inf", "WITHSCORES", "LIMIT", 0, 1)
  if not first[1] then break end
  may_be_oldest(first[1])
  from = (math.floor(first[2] / 4294967296) + 1) * 4294967296
end
may_be_oldest(redis.call("ZRANGE", base .. "prioritized", -1, -1)[1])
local depth = slow().depth_of(base)
return cjson.encode({
  now = now, reviewAt = slow().level_review_at(queue, now), depth = depth, capacity = queue.config.capacity,
  level = queue.state.level, reason = queue.state.reason, version = queue.state.version, since = queue.state.since,
  pause = queue.state.pause, drain = slow().drain_per_second(site.pulse, now), oldest = oldest,
  retryAfter = queue.state.level == "closed" and slow().level_retry_after(site, queue, depth) or 0,
  paused = redis.call("HEXISTS", base .. "meta", "paused") == 1,
  counts = {
    wait = redis.call("LLEN", base .. "wait"), paused = redis.call("LLEN", base .. "paused"),
    prioritized = redis.call("ZCARD", base .. "prioritized"), delayed = redis.call("ZCARD", base .. "delayed"),
    active = redis.call("LLEN", base .. "active"), ["waiting-children"] = redis.call("ZCARD", base .. "waiting-children"),
    completed = redis.call("ZCARD", base .. "completed"), failed = redis.call("ZCARD", base .. "failed"),
  },
  skipped = tonumber(redis.call("HGET", prefix .. ":@queue:" .. name, "skipped") or 0),
  disagreement = redis.call("HGET", prefix .. ":@queue:" .. name, "disagreement") or nil,
})
