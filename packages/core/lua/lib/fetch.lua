--- @include "permit"
--- @include "level"
-- The next job, only together with its permit. `moveToActive` is the script text that the installed BullMQ ships;
-- compose.ts puts it above. It is called with a meta key that says "paused" to promote what is due without taking
-- anything: after that the next job is the head of `wait`, else the least of `prioritized`.

-- A timed answer parks the worker's whole loop, so it is short; under 5 ms BullMQ may sleep 100 ms instead (P36).
local TIMED_LEAST_MS = 5
local TIMED_MOST_MS = 50
-- BZPOPMIN oversleeps by up to 95 ms on an idle Redis: block until that much before the due time, then wait timed.
local BLOCK_EARLY_MS = 100
local TIMEKEEPER_GRACE_MS = 500

local function active_keys(base, meta)
  return { base .. "wait", base .. "active", base .. "prioritized", base .. "events", base .. "stalled",
    base .. "limiter", base .. "delayed", base .. "paused", meta or base .. "meta", base .. "pc", base .. "marker" }
end

local function promote(site, packed_opts)
  local paused = site.prefix .. ":@paused"
  redis.call("HSET", paused, "paused", "1")
  moveToActive(active_keys(site.base, paused), { site.base, math.floor(site.now), packed_opts })
end

-- BullMQ promotes delayed jobs to the tail. A deferred job was at the head when it was throttled, and returns there,
-- within its priority; its due time is in Redis time, whatever the hosts' clocks say.
local function return_deferred(site)
  local base = site.base
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
    end
  end
end

local function next_waiting(base)
  local id = redis.call("LINDEX", base .. "wait", -1)
  if id then
    return id
  end
  return redis.call("ZRANGE", base .. "prioritized", 0, 0)[1]
end

-- When the next delayed job is due, on the worker's clock; 0 when there is none.
local function next_delayed(site, host_now)
  local first = redis.call("ZRANGE", site.base .. "delayed", 0, 0, "WITHSCORES")
  if not first[2] then
    return 0
  end
  return math.ceil(tonumber(first[2]) / 4096 - site.now + host_now)
end

local function is_timekeeper(site, worker)
  local keeper = site.state.keeper
  return keeper and keeper.worker == worker
end

local function has_timekeeper(site)
  local keeper = site.state.keeper
  return keeper and keeper.till > site.now
end

local function resign(site, worker)
  if is_timekeeper(site, worker) then
    site.state.keeper = nil
  end
end

-- No permit, but jobs wait: one worker of the limiter keeps the time, everyone else sleeps on the marker (I10).
local function wait_answer(site, who, wait)
  if not wait then
    resign(site, who.worker)
    return { 0, 0, 0, 0 }
  end
  if has_timekeeper(site) and not is_timekeeper(site, who.worker) then
    return { 0, 0, 0, 0 }
  end
  if who.finishing and not is_timekeeper(site, who.worker) then
    redis.call("ZADD", site.base .. "marker", 0, "0")
    return { 0, 0, 0, 0 }
  end
  site.state.keeper = { worker = who.worker, till = site.now + wait + TIMEKEEPER_GRACE_MS }
  if wait <= TIMED_MOST_MS + BLOCK_EARLY_MS then
    return { 0, 0, math.max(TIMED_LEAST_MS, math.min(TIMED_MOST_MS, math.ceil(wait))), 0 }
  end
  return { 0, 0, 0, math.floor(who.host_now + wait - BLOCK_EARLY_MS) }
end

local function field_of(flat, name)
  for index = 1, #flat, 2 do
    if flat[index] == name then
      return flat[index + 1]
    end
  end
  return nil
end

local function remember(site, who, job_id, settled)
  redis.call("SET", site.prefix .. ":@grant:" .. site.queue.name .. ":" .. who.token,
    cjson.encode({ job = job_id or "", permit = who.permit or "", settled = settled or "" }), "PX", who.grant_ms)
end

-- What a permit's job will cost, as known before it is taken: the queue's own where all cost the same, else the job's.
local DEFAULT_COST = { requests = 1 }

local function cost_ahead(site, packed_opts)
  local config = site.queue.config
  if not config then
    return DEFAULT_COST, "", nil
  end
  if config.cost or #site.config.limits == 0 then
    return config.cost or DEFAULT_COST, "", nil
  end
  promote(site, packed_opts)
  local id = next_waiting(site.base)
  local stored = id and redis.call("HGET", site.base .. id, "hg:cost")
  if stored then
    return cjson.decode(stored), stored, true
  end
  return DEFAULT_COST, '{"requests":1}', true
end

-- who: { worker, token, free, host_now, finishing, grant_ms }. Answers as BullMQ's moveToActive does, with the permit as
-- a fifth element when a job comes with it.
local function fetch(site, who, packed_opts)
  gate_tidy(site)
  return_deferred(site)
  local cost, carried, promoted = cost_ahead(site, packed_opts)
  local wait, cause = permit_wait(site, cost)
  if wait ~= 0 then
    if not promoted then
      promote(site, packed_opts)
    end
    if redis.call("HEXISTS", site.base .. "meta", "paused") == 1 or not has_waiting(site.base) then
      if is_timekeeper(site, who.worker) then
        resign(site, who.worker)
        wake(site)
      end
      return { 0, 0, 0, next_delayed(site, who.host_now) }
    end
    if cause == "gate" and site.state.half == 0 and site.state.why == "operator" then
      wait = wait > 3600000 and 3600000 or wait
    end
    return wait_answer(site, who, wait)
  end

  local reply = moveToActive(active_keys(site.base), { site.base, math.floor(site.now), packed_opts })
  if type(reply[1]) ~= "table" then
    if is_timekeeper(site, who.worker) then
      resign(site, who.worker)
      wake(site)
    end
    if reply[3] > TIMED_MOST_MS then
      return { 0, 0, 0, math.floor(who.host_now + reply[3]) }
    elseif reply[3] > 0 then
      return { 0, 0, math.max(TIMED_LEAST_MS, reply[3]), 0 }
    elseif tonumber(reply[4]) > 0 then
      return { 0, 0, 0, math.ceil(tonumber(reply[4]) - site.now + who.host_now) }
    end
    return reply
  end

  reply[5] = permit_take(site, cost, carried)
  who.permit = reply[5]
  if is_timekeeper(site, who.worker) and who.free <= 1 then
    resign(site, who.worker)
  elseif has_timekeeper(site) then
    redis.call("ZREM", site.base .. "marker", "0")
  end
  return reply
end
