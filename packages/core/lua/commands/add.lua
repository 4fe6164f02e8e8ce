--- @keys 9
--- @include "door"
--- @include "clock"
--- @include "slow"
--- @include "pace"
--[[
  Admission: one enqueue is accepted, found to be a duplicate, or refused, in the script that stores the job.
  Wraps BullMQ's addStandardJob, addDelayedJob, addPrioritizedJob and addParentJob; `add` is the body of the one at hand.

  KEYS[1..n]  BullMQ's
  ARGV[1..3]  BullMQ's: packed args, data, packed opts
  ARGV[4]     job id
  ARGV[5]     nonce of this enqueue: its repeat after a lost reply is not a duplicate; "" where nobody else can have the id
  ARGV[6]     cost (JSON) where jobs of the queue differ, else ""
  ARGV[7]     "" for most; else JSON {
                slot: it waits, so a paced slot may be reserved; the one that was (ms, 0: none). Without it: to be refused
                priority: where the queue sheds, and with a deadline (0: none)
                left: ms until its deadline; lib/door.lua looks for the word
                now: time to use instead of Redis' own (ms), for tests and the simulator
              }
  Reply       { 1, duplicate, depth, level }   level: 0 open, 1 slow, 2 closed
              { 0, reason, depth, level, retryAfterMs, slot, askAfterMs, everyMs }   slot is "0" when none was
              reserved; askAfterMs: when one that waits asks again unless it is told before, 0: after retryAfterMs; everyMs:
              a job drains in this, 0: unknown
              or BullMQ's negative error code
]]
local base, id, nonce = string.match(KEYS[1], "^(.*:)[^:]+$"), ARGV[4], ARGV[5]
local more = ARGV[7] ~= "" and cjson.decode(ARGV[7]) or {}
local slot, left, priority = more.slot, more.left, more.priority or 0
local now = clock(more.now)
local site = site_of(base, now)
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. base)
end
local plan, pulse = site.plan, site.pulse
local depth = redis.call("LLEN", base .. "wait") + redis.call("LLEN", base .. "paused")
  + redis.call("ZCARD", base .. "prioritized") + redis.call("ZCARD", base .. "delayed")
  + redis.call("LLEN", base .. "active") + redis.call("ZCARD", base .. "waiting-children")

local job_key = base .. id
if redis.call("EXISTS", job_key) == 1 then
  if nonce == "" or redis.call("HGET", job_key, "hg:nonce") == nonce then
    return { 1, 0, depth, pulse.level }
  end
  local reply = add(KEYS, ARGV)
  if type(reply) == "number" and reply < 0 then
    return reply
  end
  return { 1, 1, depth, pulse.level }
end

local function refuse(reason, retry_after, every, reserved, ask_after)
  -- In full memory nothing can be written; a refusal is one all the same.
  pcall(save, site)
  return { 0, reason, depth, pulse.level, math.ceil(retry_after), string.format("%.3f", reserved or 0), ask_after or 0,
    math.ceil(every or 0) }
end

-- An open queue far from its watermark depends on nothing but its depth: the common case is charged for nothing else.
local queue
if left or pulse.level ~= 0 or depth >= plan.capacity then
  if site.hot.calm == 1 then
    slow().uncalm(site)
  end
  slow().gate_tidy(site)
  queue = slow().load_queue(site, site.name)
  slow().level_review(site, queue, depth)
  local late = left and slow().late_by(site, queue, left, priority)
  if late then
    return refuse("deadline", late)
  end
  local config, state = queue.config, queue.state
  local shed = config.shed and config.shed[state.level]
  if shed and state.reason ~= "operator" and state.reason ~= "memory" and priority > shed then
    local open = state.level == "slow" or (config.shed.slow and priority > config.shed.slow)
    return refuse("shed", (slow().level_retry_after(site, queue, depth, open and math.floor(config.low * config.capacity))))
  end
  if pulse.level == 2 and not (shed and state.reason ~= "operator" and state.reason ~= "memory") then
    local reason = state.reason == "operator" and "paused" or state.reason == "memory" and "memory"
      or (depth >= plan.capacity and "full" or "closed")
    local wait, every = slow().level_retry_after(site, queue, depth)
    return refuse(reason, wait, every, 0, slow().level_ask_after(site, queue))
  end
  if depth >= plan.capacity then
    -- An urgent one needs one place, not a lower level: nobody is told when it is there.
    return refuse("full", slow().level_retry_after(site, queue, depth, shed and plan.capacity - 1))
  end
  if pulse.level == 1 and not shed and not (slot and slot > 0 and slot <= now + 5) then
    local hot = site.hot
    local interval = 1000 / pace(site)
    local at = math.max(hot.pace, now)
    local reserves = at > now and slot and at - now <= SLOT_MOST_MS
    if at <= now or reserves then
      hot.pace = at + interval
    end
    if at > now then
      return refuse("paced", at - now, interval, reserves and at or 0)
    end
  end
end

local reply = add(KEYS, ARGV)
if type(reply) == "number" and reply < 0 then
  return reply
end
if reply ~= id then
  return { 1, 1, depth, pulse.level }
end
if nonce ~= "" then redis.call("HSET", job_key, "hg:nonce", nonce) end
if ARGV[6] ~= "" then redis.call("HSET", job_key, "hg:cost", ARGV[6]) end
if left then redis.call("HSET", job_key, "hg:deadline", string.format("%.0f", now + left)) end
depth = depth + 1
if queue or depth >= plan.middle then
  slow().level_review(site, queue or slow().load_queue(site, site.name), depth)
  save(site)
end
return { 1, 0, depth, pulse.level }
