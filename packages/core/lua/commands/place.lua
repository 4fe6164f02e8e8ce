--- @keys 1
--- @include "clock"
--- @include "slow"
--- @include "bare"
--[[
  Where one job stands, what stands in front of it, and how the queue's jobs ran of late: what `explain` predicts from.
  Changes nothing.

  KEYS[1]  <prefix>:@limiter
  ARGV[1]  prefix
  ARGV[2]  queue name
  ARGV[3]  job id as it is stored
  ARGV[4]  time to use instead of Redis' own (ms)
  Reply    JSON, decoded in src/control/place.ts; "" when there is no such job
]]
-- Sums of costs and of runs are taken from this many jobs at most; what stands further away is taken to be like them.
local LOOK_AT = 256
local RUNS = 50

local prefix, name, id, now = ARGV[1], ARGV[2], ARGV[3], clock(ARGV[4])
local base = prefix .. ":" .. name .. ":"
local job = redis.call("HMGET", base .. id, "timestamp", "priority", "atm", "ats", "processedOn", "finishedOn",
  "failedReason", "parentKey", "hg:deferrals", "hg:deferred", "hg:cost", "opts")
if not job[1] then
  return ""
end

-- A delayed job's place in time: BullMQ keeps ms * 4096 + a counter.
local function due_in(score)
  return math.max(0, tonumber(score) / 4096 - now)
end

local priority = tonumber(job[2] or "") or 0
local state, ahead, ids = "unknown", 0, {}
local in_wait = redis.call("LPOS", base .. "wait", id)
local waiting = redis.call("LLEN", base .. "wait")
local rank = redis.call("ZRANK", base .. "prioritized", id)
local delayed = redis.call("ZSCORE", base .. "delayed", id)
if in_wait then
  state, ahead = "wait", waiting - 1 - in_wait
  ids = redis.call("LRANGE", base .. "wait", math.max(in_wait + 1, waiting - LOOK_AT), -1)
elseif rank then
  state, ahead = "prioritized", waiting + rank
  ids = redis.call("LRANGE", base .. "wait", -LOOK_AT, -1)
  if rank > 0 then
    for _, other in ipairs(redis.call("ZRANGE", base .. "prioritized", 0, math.min(rank, LOOK_AT) - 1)) do
      ids[#ids + 1] = other
    end
  end
elseif delayed then
  state = "delayed"
  if not job[10] then
    -- When it is due it goes behind what waits then; a deferred job returns to the head.
    ahead = waiting + redis.call("ZCOUNT", base .. "delayed", "-inf", "(" .. delayed)
    ids = redis.call("LRANGE", base .. "wait", -LOOK_AT, -1)
    if priority > 0 then
      ahead = ahead + redis.call("ZCOUNT", base .. "prioritized", "-inf", "(" .. (priority + 1) * 4294967296)
    end
  end
elseif redis.call("LPOS", base .. "active", id) then
  state = "active"
else
  for _, set in ipairs({ "waiting-children", "completed", "failed" }) do
    if redis.call("ZSCORE", base .. set, id) then state = set end
  end
end

-- Deferred jobs come back to the head: those that are due before this one's turn go first.
local returning = {}
if state == "wait" or state == "prioritized" then
  local scored = redis.call("ZRANGE", base .. "delayed", 0, LOOK_AT - 1, "WITHSCORES")
  for index = 1, #scored, 2 do
    if redis.call("HEXISTS", base .. scored[index], "hg:deferred") == 1 then
      returning[#returning + 1] = due_in(scored[index + 1])
    end
  end
end

local runs, running = {}, {}
for _, set in ipairs({ "completed", "failed" }) do
  for _, other in ipairs(redis.call("ZREVRANGE", base .. set, 0, RUNS - 1)) do
    local times = redis.call("HMGET", base .. other, "processedOn", "finishedOn")
    if times[1] and times[2] then runs[#runs + 1] = { tonumber(times[1]), tonumber(times[2]) } end
  end
end
for _, other in ipairs(redis.call("LRANGE", base .. "active", 0, RUNS - 1)) do
  local at = tonumber(redis.call("HGET", base .. other, "processedOn") or "")
  if at then running[#running + 1] = at end
end

local site = any_site(prefix, name, now)
local own, sums, others, permit, law = {}, {}, {}, nil, 0
if site then
  local plan, hot = site.plan, site.hot
  slow().cold(site)
  local limits = site.config.limits
  local function add(into, cost)
    for index, limit in ipairs(limits) do into[index] = (into[index] or 0) + (cost[limit.unit] or 0) end
  end
  local function cost_of(stored)
    return stored and cjson.decode(stored) or { requests = 1 }
  end
  if plan.uniform == 1 then
    for index, limit in ipairs(plan.limits) do
      own[index], sums[index] = limit.cost, limit.cost * ahead
    end
  elseif #limits > 0 then
    add(own, cost_of(job[11]))
    for _, other in ipairs(ids) do add(sums, cost_of(redis.call("HGET", base .. other, "hg:cost"))) end
    for index in ipairs(limits) do
      -- With nothing in sight (a delayed job's rivals): like its own.
      sums[index] = #ids > 0 and sums[index] * ahead / #ids or own[index] * ahead
    end
  end
  for other in slow().each_name(site) do
    local key = prefix .. ":" .. other .. ":"
    local there = redis.call("LLEN", key .. "wait") + redis.call("ZCARD", key .. "prioritized")
    if other ~= name and there > 0 and redis.call("HEXISTS", key .. "meta", "paused") == 0
      and (site.cold.absent[other] or 0) < now then
      others[#others + 1] = there
    end
  end
  if hot.phase == 0 and plan.queues > 0 then
    slow().law_begin(site)
  end
  buckets_fill(plan, hot, now)
  law = math.max(0, law_wait(hot, 0, now))
  permit = math.max(law, (buckets_wait(plan, hot, own, nil)))
end

local list = function(values) return #values > 0 and values or nil end
return cjson.encode({
  now = now, state = state, ahead = ahead, dueIn = delayed and due_in(delayed) or 0, timestamp = tonumber(job[1]),
  attemptsMade = tonumber(job[3] or 0), started = tonumber(job[4] or 0),
  processedOn = tonumber(job[5] or ""), finishedOn = tonumber(job[6] or ""), failedReason = job[7] or nil,
  parent = job[8] or nil, deferrals = tonumber(job[9] or 0), deferred = job[10] ~= false, opts = job[12] or nil,
  children = redis.call("SCARD", base .. id .. ":dependencies"),
  permitIn = permit, paceIn = law, own = list(own), sums = list(sums), others = list(others), returning = list(returning),
  runs = list(runs), running = list(running),
})
