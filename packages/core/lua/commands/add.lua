--- @keys 9
--- @include "clock"
--- @include "site"
--- @include "count"
--- @include "law"
--- @include "gate"
--- @include "level"
--[[
  Admission: one enqueue is accepted, found to be a duplicate, or refused, in the script that stores the job.
  Wraps BullMQ's addStandardJob, addDelayedJob, addPrioritizedJob and addParentJob; `add` is the body of the one at hand.

  KEYS[1..n]  BullMQ's
  ARGV[1..3]  BullMQ's: packed args, data, packed opts
  ARGV[4]     key prefix of the queue
  ARGV[5]     job id
  ARGV[6]     nonce of this enqueue: its repeat after a lost reply is not a duplicate
  ARGV[7]     cost (JSON) where jobs of the queue differ, else ""
  ARGV[8]     "wait" or "refuse"
  ARGV[9]     the paced slot that was reserved for this enqueue (ms), or ""
  ARGV[10]    time to use instead of Redis' own (ms), for tests and the simulator
  Reply       { 1, duplicate, depth, level, version }
              { 0, reason, depth, level, version, retryAfterMs, slot }   slot is 0 when none was reserved
              or BullMQ's negative error code
]]
-- The slowest pace at level `slow`: producers must find out that the API works again.
local PACE_LEAST = 1
-- A slot further ahead than this is not reserved: its owner may have gone by then.
local SLOT_MOST_MS = 2000

local base, id, nonce, slot = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[9])
local now = clock(ARGV[10])
local prefix, name = string.match(base, "^(.*):([^:]+):$")
local queue = load_queue(prefix, name)
local config, state = queue.config, queue.state
if not config then
  return redis.error_reply("HG_NOT_REGISTERED queue " .. name .. " is not registered with its limiter")
end
local depth = depth_of(base)

if redis.call("EXISTS", base .. id) == 1 then
  if redis.call("HGET", base .. id, "hg:nonce") == nonce then
    return { 1, 0, depth, state.level, state.version }
  end
  local reply = add(KEYS, ARGV)
  if type(reply) == "number" and reply < 0 then
    return reply
  end
  return { 1, 1, depth, state.level, state.version }
end

-- What the API really accepts; before anything was accepted, what the controller would let through.
local function pace_of(whole)
  local ring = whole.state.ring
  local pace = math.max(ring_sums(ring, 3, now) / 3, accepted_per_second(ring, now))
  local law = whole.state.law
  if pace == 0 and law.phase and law.phase ~= "free" then
    pace = law_rate(law, whole.config)
  end
  return math.max(PACE_LEAST, pace)
end

-- Only a level that is not open depends on the limiter; an open queue is not charged for reading it.
local site
local function whole_site()
  if not site then
    local limiter, limiter_state = load_limiter(prefix, now)
    site = { prefix = prefix, base = base, now = now, config = limiter, state = limiter_state, queue = queue }
  end
  return site
end
if state.level ~= "open" then
  gate_tidy(whole_site())
  level_review(site, queue, depth)
end

local function refuse(reason, retry_after, reserved)
  return { 0, reason, depth, state.level, state.version, math.ceil(retry_after), tostring(reserved or 0) }
end

if state.level == "closed" then
  local reason = state.reason == "operator" and "paused" or (depth >= config.capacity and "full" or "closed")
  return refuse(reason, level_retry_after(whole_site(), queue, depth))
end
if depth >= config.capacity then
  return refuse("full", level_retry_after(whole_site(), queue, depth))
end
if state.level == "slow" and not (slot and slot <= now + 5) then
  local shared = whole_site().state
  local interval = 1000 / pace_of(site)
  local at = math.max(shared.pace or 0, now)
  local reserves = at > now and ARGV[8] == "wait" and at - now <= SLOT_MOST_MS
  if at <= now or reserves then
    shared.pace = at + interval
    save(site)
  end
  if at > now then
    return refuse("paced", at - now, reserves and at or 0)
  end
end

local reply = add(KEYS, ARGV)
if type(reply) == "number" and reply < 0 then
  return reply
end
if reply ~= id then
  return { 1, 1, depth, state.level, state.version }
end
if ARGV[7] ~= "" then
  redis.call("HSET", base .. id, "hg:nonce", nonce, "hg:cost", ARGV[7])
else
  redis.call("HSET", base .. id, "hg:nonce", nonce)
end
depth = depth + 1
local middle = (config.low + config.high) / 2 * config.capacity
if depth >= middle or state.level ~= "open" then
  level_review(whole_site(), queue, depth)
end
return { 1, 0, depth, state.level, state.version }
