--- @keys 1
--- @include "clock"
--- @include "site"
--- @include "count"
--- @include "bucket"
--- @include "ring"
--- @include "gate"
--- @include "law"
--- @include "level"
--[[
  Everything there is to know about a limiter, or about one of its queues, at one moment. Reads only.

  KEYS[1]  <prefix>:@limiter
  ARGV[1]  prefix
  ARGV[2]  queue name, or "" for the limiter
  ARGV[3]  time to use instead of Redis' own (ms)
  Reply    JSON, decoded in src/control/status.ts; "" when it was never registered
]]
local prefix, name, now = ARGV[1], ARGV[2], clock(ARGV[3])
local config, state = load_limiter(prefix, now)
local meta = redis.call("HMGET", KEYS[1], "code", "hash", "revision", "disagreement", "override", "pauseReason")
if not meta[1] then
  return ""
end
local site = { prefix = prefix, now = now, config = config, state = state, queue = { name = name } }

if name == "" then
  local limits = {}
  for _, limit in ipairs(config.limits) do
    limits[#limits + 1] = {
      unit = limit.unit, amount = limit.amount, perMs = limit.per, burst = limit.burst,
      remaining = bucket_of(state, limit, now).level,
    }
  end
  local law = law_init(state.law, config, now)
  local rate = law_rate(law, config)
  local ok, throttled = ring_sums(state.ring, RING_SECONDS, now)
  return cjson.encode({
    now = now, rate = rate ~= math.huge and rate or nil, phase = law.phase, adaptive = config.adaptive == 1,
    gateUntil = state.gate, why = state.why, half = state.half == 1, pauseReason = meta[6] or nil,
    inFlight = in_flight(site), concurrency = config.concurrency,
    limits = #limits > 0 and limits or nil, queues = #config.queues > 0 and config.queues or nil,
    accepted = ok / RING_SECONDS, throttled = throttled / RING_SECONDS, share = throttled_share(state.ring, now),
    totals = { granted = state.granted, ok = state.ok, throttled = state.throttled, failed = state.failed,
      released = state.released },
    hash = meta[2], revision = meta[3] or nil, disagreement = meta[4] or nil, override = meta[5] or nil,
  })
end

local queue = load_queue(prefix, name)
if not queue.config then
  return ""
end
site.queue, site.base = queue, queue.base
local base = queue.base
local oldest
for _, list in ipairs({ "wait", "active" }) do
  local id = redis.call("LINDEX", base .. list, -1)
  local at = id and tonumber(redis.call("HGET", base .. id, "timestamp") or "")
  if at and (not oldest or at < oldest) then oldest = at end
end
local depth = depth_of(base)
local retry_after = 0
if queue.state.level == "closed" then
  retry_after = level_retry_after(site, queue, depth)
end
return cjson.encode({
  now = now, depth = depth, capacity = queue.config.capacity,
  level = queue.state.level, reason = queue.state.reason, version = queue.state.version, since = queue.state.since,
  pause = queue.state.pause, drain = drain_per_second(state, name, now), oldest = oldest, retryAfter = retry_after,
  paused = redis.call("HEXISTS", base .. "meta", "paused") == 1,
  counts = {
    wait = redis.call("LLEN", base .. "wait"), paused = redis.call("LLEN", base .. "paused"),
    prioritized = redis.call("ZCARD", base .. "prioritized"), delayed = redis.call("ZCARD", base .. "delayed"),
    active = redis.call("LLEN", base .. "active"), ["waiting-children"] = redis.call("ZCARD", base .. "waiting-children"),
    completed = redis.call("ZCARD", base .. "completed"), failed = redis.call("ZCARD", base .. "failed"),
  },
  disagreement = redis.call("HGET", prefix .. ":@queue:" .. name, "disagreement") or nil,
})
