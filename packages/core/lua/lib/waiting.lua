-- What becomes of a fetch that gets no job. Behind BullMQ's four numbers the answer says why, for figures only.
local NO_PERMIT, PAUSED = 1, 2

-- A timed answer parks the worker's whole loop, so it is short; under 5 ms BullMQ may sleep 100 ms instead (P36).
local TIMED_LEAST_MS = 5
local TIMED_MOST_MS = 50
-- BZPOPMIN oversleeps by up to 95 ms on an idle Redis: block until that much before the due time, then wait timed.
local BLOCK_EARLY_MS = 100
-- How late a timekeeper may be until another takes its place: a false alarm costs one script.
local KEEPER_GRACE_MS = 250
-- Sleepers ask by themselves after BullMQ's drainDelay of 5 s: no need to look for a deputy more often.
local RECRUIT_MS = 5000
-- A gate that an operator shut for good is looked at again after this.
local BLOCK_MOST_MS = 3600000

-- Lets BullMQ promote what is due without taking anything: its body is called with a meta key that says "paused".
local function promote(site, packed_opts)
  local paused = site.prefix .. ":@paused"
  redis.call("HSET", paused, "paused", "1")
  moveToActive(active_keys(site.base, paused), { site.base, math.floor(site.now), packed_opts })
end

-- After promotion the next job is the head of `wait`, else the least of `prioritized`.
local function next_waiting(base)
  return redis.call("LINDEX", base .. "wait", -1) or redis.call("ZRANGE", base .. "prioritized", 0, 0)[1]
end

-- BullMQ promotes delayed jobs to the tail. A deferred job was at the head when it was throttled, and returns there,
-- within its priority; its due time is in Redis time, whatever the hosts' clocks say.
local function return_deferred(site)
  local base, hot = site.base, site.hot
  local due = redis.call("ZRANGEBYSCORE", base .. "delayed", 0, (math.floor(site.now) + 1) * 4096 - 1, "LIMIT", 0, 100)
  for index = #due, 1, -1 do
    local id = due[index]
    local job = redis.call("HMGET", base .. id, "hg:deferred", "priority")
    if job[1] then
      redis.call("ZREM", base .. "delayed", id)
      local priority = tonumber(job[2]) or 0
      if priority > 0 then
        redis.call("ZADD", base .. "prioritized", priority * 4294967296, id)
      else
        redis.call("RPUSH", base .. "wait", id)
      end
      redis.call("HSET", base .. id, "delay", 0)
      redis.call("HDEL", base .. id, "hg:deferred")
      redis.call("XADD", base .. "events", "*", "event", "waiting", "jobId", id, "prev", "delayed")
      hot.deferred = math.max(0, hot.deferred - 1)
    end
  end
  if #due == 0 and site.plan.queues == 1 and redis.call("ZCARD", base .. "delayed") == 0 then
    hot.deferred = 0
  end
end

-- When the next delayed job is due, on the worker's clock; 0 when there is none.
local function next_delayed(site, host_now)
  local first = redis.call("ZRANGE", site.base .. "delayed", 0, 0, "WITHSCORES")
  if not first[2] then
    return 0
  end
  return math.ceil(tonumber(first[2]) / 4096 - site.now + host_now)
end

-- A timekeeper that is killed would leave everyone asleep for up to 5 s. So one of the others, the deputy, asks again when the
-- timekeeper's time is up: two scripts a second, whatever the size of the fleet.
local function deputy_answer(site, who)
  local hot = site.hot
  if who.finishing or (hot.deputy ~= 0 and hot.deputy ~= who.worker and hot.deputyTill > site.now) then
    return { 0, 0, 0, 0, NO_PERMIT }
  end
  hot.deputy = who.worker
  hot.deputyTill = hot.keeperTill + KEEPER_GRACE_MS
  return { 0, 0, 0, math.ceil(who.host_now + hot.keeperTill - site.now), NO_PERMIT }
end

-- A timekeeper without a deputy wakes somebody, who becomes it. A worker that is alone wakes itself, once.
local function want_deputy(site, who)
  no_deputy(site, who)
  local hot = site.hot
  if hot.deputyTill < site.now then
    hot.deputy = 0
    hot.deputyTill = site.now + RECRUIT_MS
    redis.call("ZADD", site.base .. "marker", 0, "0")
  end
end

-- The timekeeper found nothing to keep time for: somebody else's queue may have.
local function resign(site, who)
  no_deputy(site, who)
  if site.hot.keeper == who.worker then
    site.hot.keeper = 0
    if site.plan.queues > 1 then
      slow().wake(site)
    end
  end
end

-- No permit, but jobs wait: one worker of the limiter keeps the time, everyone else sleeps on the marker (I10).
local function wait_answer(site, who, wait)
  local hot = site.hot
  local mine = hot.keeper == who.worker
  redis.call("HINCRBY", site.key, "count:refused", 1)
  if not wait then
    if mine then hot.keeper = 0 end
    return { 0, 0, 0, 0, NO_PERMIT }
  end
  if not mine and hot.keeper ~= 0 and hot.keeperTill > site.now then
    return deputy_answer(site, who)
  end
  if not mine and who.finishing then
    redis.call("ZADD", site.base .. "marker", 0, "0")
    return { 0, 0, 0, 0, NO_PERMIT }
  end
  hot.keeper = who.worker
  hot.keeperTill = site.now + wait + KEEPER_GRACE_MS
  want_deputy(site, who)
  if wait <= TIMED_MOST_MS + BLOCK_EARLY_MS then
    return { 0, 0, math.max(TIMED_LEAST_MS, math.min(TIMED_MOST_MS, math.ceil(wait))), 0, NO_PERMIT }
  end
  return { 0, 0, 0, math.floor(who.host_now + math.min(wait, BLOCK_MOST_MS) - BLOCK_EARLY_MS), NO_PERMIT }
end

local function is_paused(site)
  return redis.call("HEXISTS", site.base .. "meta", "paused") == 1
end

-- Refused: what is due is promoted all the same, and who asked is told how to wait.
local function refused(site, who, wait, packed_opts, promoted)
  if not promoted then
    promote(site, packed_opts)
  end
  local paused = is_paused(site)
  if paused or not slow().has_waiting(site.base) then
    resign(site, who)
    return { 0, 0, 0, next_delayed(site, who.host_now), paused and PAUSED or nil }
  end
  return wait_answer(site, who, wait)
end

-- BullMQ's body was allowed to take a job and took none: there is none, or BullMQ itself makes it wait.
local function without_job(site, who, reply)
  resign(site, who)
  if type(reply) ~= "table" then
    return reply
  end
  if reply[3] > TIMED_MOST_MS then
    return { 0, 0, 0, math.floor(who.host_now + reply[3]) }
  elseif reply[3] > 0 then
    return { 0, 0, math.max(TIMED_LEAST_MS, reply[3]), 0 }
  end
  local due = tonumber(reply[4])
  -- Not where a run ends: one of a trickle of jobs would pay for it.
  local paused = not who.finishing and is_paused(site)
  return { 0, 0, 0, due > 0 and math.ceil(due - site.now + who.host_now) or 0, paused and PAUSED or nil }
end

-- A job that is active under this lock token. Looked for only when a command comes a second time.
local function held_by(base, token)
  for _, id in ipairs(redis.call("LRANGE", base .. "active", 0, -1)) do
    if redis.call("GET", base .. id .. ":lock") == token then
      return id
    end
  end
  return nil
end
