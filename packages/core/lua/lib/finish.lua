--- @include "fetch"
-- What every command that ends a run has in common: hear the API, run BullMQ's body, settle the permit, take the next job.
-- All of it is decided in memory; only when BullMQ's body agreed is it written.

-- An ending is one argument, because ioredis pays for each: a JSON array that src/bullmq/worker-backend.ts writes.
local WORKER, FREE_SLOTS, PERMIT, STARTED, TOKEN, OUTCOME, RETRY_AFTER, SPENT, HINT, NOW = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

local function permit_of(ending)
  local given = ending[PERMIT]
  if #given == 0 then
    return nil
  end
  return {
    probe = given[1] == 1, granted = given[2], at = given[3] / 1000, rate = given[4] / 1000,
    reserved = given[5] ~= 0 and given[5] or nil,
  }
end

-- Was this very run already ended, in the way that is asked for? The command is here a second time because its reply was
-- lost; its permit is settled, and the job that came with the lost reply is still locked by the same token.
local function ended_before(site, job_id, started, target)
  local base = site.base
  if redis.call("HGET", base .. job_id, "ats") ~= started then
    return false
  end
  if target == "wait" then
    return redis.call("LPOS", base .. "wait", job_id) or redis.call("ZSCORE", base .. "prioritized", job_id)
  end
  return redis.call("ZSCORE", base .. target, job_id)
end

local function repeated(site, job_id, started, token, target)
  local known = ended_before(site, job_id, started, target)
  local id = waiting().held_by(site.base, token)
  if id and id ~= job_id then
    local permit = permit_text(site.hot.half, site.hot.granted, site.now * 1000, 0,
      redis.call("HGET", site.base .. id, "hg:cost") or "")
    return { redis.call("HGETALL", site.base .. id), id, 0, 0, permit }
  end
  return known and 0 or nil
end

-- `body(fetch)` runs BullMQ's command, "1" with its own fetch where it has one; `next_opts` are the packed opts for the
-- next job, nil where none is wanted; `target` is the set in which the job stands afterwards; `rides`: the body can fetch.
local function finish(site, ending, job_id, host_now, target, rides, body, next_opts)
  local hot, plan = site.hot, site.plan
  if site.hot.calm == 1 then
    slow().uncalm(site)
  end
  local permit, outcome, started = permit_of(ending), ending[OUTCOME], ending[STARTED]
  local who = { worker = ending[WORKER], free = ending[FREE_SLOTS], host_now = tonumber(host_now), finishing = true }
  if permit and outcome == "quota" then
    slow().quota_spent(site, permit, ending[RETRY_AFTER])
    save(site)
  end
  if permit and outcome == "throttled" and not ended_before(site, job_id, started, target) then
    slow().hear(site, permit, ending[RETRY_AFTER])
    if ending[HINT] ~= 0 then slow().hinted(site, permit, ending[HINT]) end
    save(site)
  elseif permit and ending[HINT] ~= 0 then
    slow().hinted(site, permit, ending[HINT])
  end

  -- Where the next job's cost is known without looking, BullMQ's own fetch takes it in the same body.
  local cost = plan.uniform == 1 and plan_cost(plan) or nil
  local wait
  rides = rides and cost and next_opts and hot.deferred == 0 and hot.mirrored == 0 and not (permit and permit.probe)
  if rides then
    wait = permit_wait(site, cost, 1)
  end
  local reply = body(rides and wait == 0 and "1" or "0")
  if type(reply) == "number" and reply < 0 then
    -- A job of ours that is gone was ended before, and ended jobs are not kept.
    return repeated(site, job_id, started, ending[TOKEN], target) or (permit and reply == -1 and 0) or reply
  end

  if permit then
    if outcome == "ok" then
      if hot.second < math.floor(site.now / 1000) then slow().ring_turn(site) end
      hot.secondOk = hot.secondOk + 1
      hot.ok = hot.ok + 1
      if hot.half == 1 and not permit.probe then slow().accepted_while_shut(site, permit) end
    end
    if outcome ~= "ok" or permit.probe or ending[SPENT] then
      slow().settled(site, permit, outcome, ending[SPENT] or nil, cost)
    end
  end

  if rides then
    if wait == 0 then
      reply = taken(site, who, reply, cost, "")
    else
      reply = waiting().refused(site, who, wait, next_opts, false)
    end
  elseif next_opts then
    reply = fetch(site, who, next_opts)
  else
    reply = 0
  end
  local took = type(reply) == "table" and type(reply[1]) == "table"
  -- A slot of a full limiter was freed and not filled again here: somebody else may sleep for it.
  if not took and plan.concurrency > 0 and in_flight(site) >= plan.concurrency - 1 then
    slow().wake(site)
  end
  if site.pulse.level ~= 0 then
    local queue = slow().load_queue(site, site.name)
    slow().level_review(site, queue, slow().depth_of(site.base))
  end
  save(site)
  return reply
end
