--- @include "permit"
-- The next job, only together with its permit. `moveToActive` is the script text that the installed BullMQ ships;
-- compose.ts puts it above.

local function active_keys(base, meta)
  return { base .. "wait", base .. "active", base .. "prioritized", base .. "events", base .. "stalled",
    base .. "limiter", base .. "delayed", base .. "paused", meta or base .. "meta", base .. "pc", base .. "marker" }
end

-- Whoever keeps the time now, or has no slot left, looks after nobody.
local function no_deputy(site, who)
  if site.hot.deputy == who.worker then
    site.hot.deputy, site.hot.deputyTill = 0, 0
  end
end

-- As in slow.lua: made when first needed.
local waiting_code
local function waiting()
  if waiting_code then
    return waiting_code
  end
--- @include "waiting"
  waiting_code = {
    promote = promote, next_waiting = next_waiting, return_deferred = return_deferred, refused = refused,
    without_job = without_job, held_by = held_by,
  }
  return waiting_code
end

-- What BullMQ's body answered, after it was allowed to take a job: with its permit, or how to wait.
local function taken(site, who, reply, cost, carried)
  if type(reply) ~= "table" or type(reply[1]) ~= "table" then
    return waiting().without_job(site, who, reply)
  end
  reply[5] = permit_take(site, cost, carried)
  local hot = site.hot
  if who.free <= 1 then no_deputy(site, who) end
  if hot.keeper ~= 0 then
    if hot.keeper == who.worker and who.free <= 1 then
      -- Its last slot: it will not ask again soon. The marker stays, and wakes the next timekeeper.
      hot.keeper = 0
    elseif hot.keeper == who.worker or hot.keeperTill > site.now then
      redis.call("ZREM", site.base .. "marker", "0")
    end
  end
  return reply
end

-- who: { worker, free, host_now, finishing }. Answers as BullMQ's moveToActive does, with the permit as a fifth element
-- when a job comes with it.
local function fetch(site, who, packed_opts)
  if site.hot.calm == 1 and not who.finishing then
    slow().uncalm(site)
  end
  if site.hot.mirrored == 1 then
    slow().gate_tidy(site)
  end
  if site.hot.deferred > 0 then
    waiting().return_deferred(site)
  end
  local plan, promoted = site.plan, false
  local cost, carried = nil, ""
  if plan.uniform == 1 or #plan.limits == 0 then
    cost = plan_cost(plan)
  else
    -- Known before the job is taken: no job is taken whose whole cost does not fit.
    waiting().promote(site, packed_opts)
    promoted = true
    local id = waiting().next_waiting(site.base)
    carried = id and redis.call("HGET", site.base .. id, "hg:cost") or '{"requests":1}'
    cost = slow().cost_list(site, cjson.decode(carried))
  end
  local wait = permit_wait(site, cost, 0)
  if wait ~= 0 then
    return waiting().refused(site, who, wait, packed_opts, promoted)
  end
  local reply = moveToActive(active_keys(site.base), { site.base, math.floor(site.now), packed_opts })
  return taken(site, who, reply, cost, carried)
end
