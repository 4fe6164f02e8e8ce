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
-- Costs and runs are read of this many jobs at most; what stands further away is taken to be like them.
local LOOK_AT = 256
local RUNS = 50
-- Of another queue of the limiter only what its jobs cost in the mean is told.
local RIVALS = 32

local prefix, name, id, now = ARGV[1], ARGV[2], ARGV[3], clock(ARGV[4])
local base = prefix .. ":" .. name .. ":"
local job = redis.call("HMGET", base .. id, "timestamp", "priority", "atm", "ats", "processedOn", "finishedOn",
  "failedReason", "parentKey", "hg:deferrals", "hg:deferred", "hg:cost", "opts", "hg:deadline", "pb", "stc")
if not job[1] then
  return ""
end

-- A delayed job's place in time: BullMQ keeps ms * 4096 + a counter.
local function due_in(score)
  return math.max(0, tonumber(score) / 4096 - now)
end

local priority = tonumber(job[2] or "") or 0
-- `ids`: those ahead of it, in the order in which they are fetched.
local state, ahead, ids = "unknown", 0, {}
local function from_tail(most, first)
  local list = redis.call("LRANGE", base .. "wait", first or -most, -1)
  for index = #list, 1, -1 do ids[#ids + 1] = list[index] end
end
local in_wait = redis.call("LPOS", base .. "wait", id)
local waiting = redis.call("LLEN", base .. "wait")
local rank = redis.call("ZRANK", base .. "prioritized", id)
local delayed = redis.call("ZSCORE", base .. "delayed", id)
if in_wait then
  state, ahead = "wait", waiting - 1 - in_wait
  from_tail(LOOK_AT, math.max(in_wait + 1, waiting - LOOK_AT))
elseif rank then
  state, ahead = "prioritized", waiting + rank
  from_tail(LOOK_AT)
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
    from_tail(LOOK_AT)
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

local site = any_site(prefix, name, now)
local limits = {}
if site then
  slow().cold(site)
  limits = site.config.limits
end
local function cost_of(stored)
  local by_unit, cost = stored and cjson.decode(stored) or { requests = 1 }, {}
  for index, limit in ipairs(limits) do cost[index] = by_unit[limit.unit] or 0 end
  return cost
end
local function weight_of(stored)
  local weight = 0
  for index, part in ipairs(cost_of(stored)) do weight = math.max(weight, part / limits[index].amount) end
  return weight
end

local runs, running = {}, {}
for _, set in ipairs({ "completed", "failed" }) do
  for _, other in ipairs(redis.call("ZREVRANGE", base .. set, 0, RUNS - 1)) do
    local times = redis.call("HMGET", base .. other, "processedOn", "finishedOn", "hg:cost")
    if times[1] and times[2] then runs[#runs + 1] = { tonumber(times[1]), tonumber(times[2]), weight_of(times[3]) } end
  end
end
for _, other in ipairs(redis.call("LRANGE", base .. "active", 0, RUNS - 1)) do
  local at = redis.call("HMGET", base .. other, "processedOn", "hg:cost")
  if at[1] then running[#running + 1] = { tonumber(at[1]), weight_of(at[2]) } end
end

-- What a job of another queue costs: the same for all, or the mean of those that are next.
local function mean_cost(other)
  local plan = plan_of(redis.call("HGET", site.key, "plan:" .. other))
  local mean = {}
  if plan.uniform == 1 then
    for index, limit in ipairs(plan.limits) do mean[index] = limit.cost end
    return mean
  end
  local key = prefix .. ":" .. other .. ":"
  local next_ids = redis.call("LRANGE", key .. "wait", -RIVALS, -1)
  for _, urgent in ipairs(redis.call("ZRANGE", key .. "prioritized", 0, RIVALS - 1 - #next_ids)) do
    next_ids[#next_ids + 1] = urgent
  end
  for _, one in ipairs(next_ids) do
    for index, part in ipairs(cost_of(redis.call("HGET", key .. one, "hg:cost"))) do
      mean[index] = (mean[index] or 0) + part / #next_ids
    end
  end
  return mean
end

local list = function(values) return #values > 0 and values or nil end
local own, line, others, windows, permit, law = {}, {}, {}, {}, nil, 0
if site then
  local plan, hot = site.plan, site.hot
  if plan.uniform == 1 then
    for index, limit in ipairs(plan.limits) do own[index] = limit.cost end
  elseif #limits > 0 then
    own = cost_of(job[11])
    for index, other in ipairs(ids) do line[index] = cost_of(redis.call("HGET", base .. other, "hg:cost")) end
  end
  for other in slow().each_name(site) do
    local key = prefix .. ":" .. other .. ":"
    local there = redis.call("LLEN", key .. "wait") + redis.call("ZCARD", key .. "prioritized")
    if other ~= name and there > 0 and redis.call("HEXISTS", key .. "meta", "paused") == 0
      and (site.cold.absent[other] or 0) < now then
      others[#others + 1] = {
        waiting = there, cost = list(mean_cost(other)), served = pulse_of(redis.call("HGET", site.key, "pulse:" .. other)).served,
      }
    end
  end
  if plan.windowed == 1 then
    -- A list for each limit: when a hundredth of its period began, and what was granted in it.
    for index, limit in ipairs(plan.limits) do
      local slots, window = {}, (site.cold.windows or {})[index]
      for _, slot in ipairs(window and window.per == limit.per and window.slots or {}) do
        slots[#slots + 1] = { slot[1] * limit.per / 100, slot[2] }
      end
      windows[index] = { slots = list(slots) }
    end
  end
  if hot.phase == 0 and plan.queues > 0 then
    slow().law_begin(site)
  end
  buckets_fill(plan, hot, now)
  law = math.max(0, law_wait(hot, 0, now))
  permit = math.max(law, (buckets_wait(plan, hot, own, nil)))
end

return cjson.encode({
  now = now, state = state, ahead = ahead, dueIn = delayed and due_in(delayed) or 0, timestamp = tonumber(job[1]),
  attemptsMade = tonumber(job[3] or 0), started = tonumber(job[4] or 0),
  processedOn = tonumber(job[5] or ""), finishedOn = tonumber(job[6] or ""), failedReason = job[7] or nil,
  parent = job[8] or nil, deferrals = tonumber(job[9] or 0), deferred = job[10] ~= false, opts = job[12] or nil,
  deadline = tonumber(job[13] or ""), worker = job[14] or nil, stalls = tonumber(job[15] or 0),
  lockMs = state == "active" and math.max(0, redis.call("PTTL", base .. id .. ":lock")) or nil,
  children = redis.call("SCARD", base .. id .. ":dependencies"),
  permitIn = permit, paceIn = law, own = list(own), line = list(line), windows = list(windows),
  served = site and site.pulse.served or 0, others = list(others), returning = list(returning),
  runs = list(runs), running = list(running),
})
