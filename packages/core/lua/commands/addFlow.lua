--- @keys 1
--- @include "clock"
--- @include "slow"
--- @include "pace"
--[[
  Admission of a whole flow: all of its jobs are stored, or none. Wraps what BullMQ puts into one MULTI: the scripts that add
  its jobs, parents before children, and the one that releases a parent whose children had all ended before.

  KEYS[1..n]  those of the BullMQ scripts, one after the other
  ARGV[1]     JSON {
                nonce: as in add.lua
                slot: as in add.lua; without it: to be refused
                now: time to use instead of Redis' own (ms), for tests
                commands: of each script its name, how many keys and arguments it has, and for a job: base, id, cost (JSON, or
                  none where all jobs of its queue cost the same), parent (its key, or none), left (ms until its deadline,
                  or none) and priority (with a deadline; 0: none). The first is the root's
              }
  ARGV[2..]   the arguments of the BullMQ scripts, one after the other
  Reply       { 1, duplicate, depth, level } of the root's queue
              { 0, reason, depth, level, retryAfterMs, slot, askAfterMs, 0, queue } as in add.lua, of the queue that refused
              { -1, queue, id } a job of this id is there, and is another parent's child
              or BullMQ's negative error code
]]
local bodies = {
  addStandardJob = addStandardJob, addDelayedJob = addDelayedJob, addPrioritizedJob = addPrioritizedJob,
  addParentJob = addParentJob, releaseParentIfNoPendingDependencies = releaseParentIfNoPendingDependencies,
}
local flow = cjson.decode(ARGV[1])
local root, now = flow.commands[1], clock(flow.now)
local site = site_of(root.base, now)
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. root.base)
end
local root_key = root.base .. root.id
if redis.call("EXISTS", root_key) == 1 then
  local again = flow.nonce == "" or redis.call("HGET", root_key, "hg:nonce") == flow.nonce
  return { 1, again and 0 or 1, slow().depth_of(root.base), site.pulse.level }
end
slow().cold(site)
slow().gate_tidy(site)

-- The limiter's other queues: the same state, but for what is a queue's own.
local function site_beside(base)
  local name = string.match(base, "([^:]+):$")
  local stored = redis.call("HMGET", site.key, "plan:" .. name, "pulse:" .. name)
  return stored[1] and setmetatable({
    base = base, name = name, plan = plan_of(stored[1]), pulse = pulse_of(stored[2]),
  }, { __index = site })
end

-- What the flow asks of each queue. A job that is there takes no room.
local asked, queues = {}, {}
for _, command in ipairs(flow.commands) do
  local base = command.base
  if base then
    local at = asked[base]
    if not at then
      local its = base == site.base and site or site_beside(base)
      if not its then
        return redis.error_reply("HG_NOT_REGISTERED " .. base)
      end
      at = { site = its, queue = slow().load_queue(its, its.name), depth = slow().depth_of(base), jobs = 0 }
      asked[base] = at
      queues[#queues + 1] = at
    end
    if redis.call("EXISTS", base .. command.id) == 0 then
      at.jobs = at.jobs + 1
      -- What has children starts when they have ended, and nobody can say when that is: only its own deadline is looked at.
      local parent = command.name == "addParentJob"
      local late = command.left and (not parent or command.left <= 0)
        and slow().late_by(at.site, at.queue, command.left, command.priority)
      if late and (not at.late or late > at.late) then at.late = late end
    elseif command ~= root and redis.call("HGET", base .. command.id, "parentKey") ~= command.parent
      and redis.call("HEXISTS", base .. command.id, "parentKey") == 1 then
      return { -1, at.site.name, command.id }
    end
  end
end

local function save_all()
  for _, at in ipairs(queues) do
    save(at.site)
  end
end

local function refuse(at, reason, retry_after, reserved, ask_after)
  save_all()
  return { 0, reason, at.depth, at.site.pulse.level, math.ceil(retry_after), string.format("%.3f", reserved or 0),
    ask_after or 0, 0, at.site.name }
end

if site.hot.calm == 1 then
  slow().uncalm(site)
end
local paced, slow_at = 0, nil
for _, at in ipairs(queues) do
  local pulse, state, capacity = at.site.pulse, at.queue.state, at.site.plan.capacity
  slow().level_review(at.site, at.queue, at.depth)
  if at.late then
    return refuse(at, "deadline", at.late)
  elseif at.jobs > 0 then
    local full = at.depth + at.jobs > capacity
    if pulse.level == 2 then
      local reason = state.reason == "operator" and "paused" or state.reason == "memory" and "memory"
        or (full and "full" or "closed")
      return refuse(at, reason, (slow().level_retry_after(at.site, at.queue, at.depth)), 0,
        slow().level_ask_after(at.site, at.queue))
    elseif full then
      -- As if the others were in: the last one needs the place that is asked for.
      return refuse(at, "full", (slow().level_retry_after(at.site, at.queue, at.depth + at.jobs - 1)))
    elseif pulse.level == 1 then
      paced, slow_at = paced + at.jobs, slow_at or at
    end
  end
end
local slot = flow.slot
if paced > 0 and not (slot and slot > 0 and slot <= now + 5) then
  local hot = site.hot
  local at = math.max(hot.pace, now)
  local reserves = at > now and slot and at - now <= SLOT_MOST_MS
  if at <= now or reserves then
    hot.pace = at + paced * 1000 / pace(site)
  end
  if at > now then
    return refuse(slow_at, "paced", at - now, reserves and at or 0)
  end
end

local key, arg = 0, 1
for _, command in ipairs(flow.commands) do
  local keys, args = {}, {}
  for index = 1, command.keys do keys[index] = KEYS[key + index] end
  for index = 1, command.args do args[index] = ARGV[arg + index] end
  key, arg = key + command.keys, arg + command.args
  local known = command.base and redis.call("EXISTS", command.base .. command.id) == 1
  local reply = bodies[command.name](keys, args)
  if type(reply) == "number" and reply < 0 then
    return reply
  end
  if command.base and not known then
    local job_key = command.base .. command.id
    if command.cost then redis.call("HSET", job_key, "hg:cost", command.cost) end
    if command.left then redis.call("HSET", job_key, "hg:deadline", string.format("%.0f", now + command.left)) end
  end
end
if flow.nonce ~= "" then
  redis.call("HSET", root_key, "hg:nonce", flow.nonce)
end
for _, at in ipairs(queues) do
  slow().level_review(at.site, at.queue, at.depth + at.jobs)
end
save_all()
local root_at = asked[root.base]
return { 1, 0, root_at.depth + root_at.jobs, site.pulse.level }
