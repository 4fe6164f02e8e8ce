--- @keys 11
--- @include "clock"
--- @include "finish"
--- @include "journal"
--[[
  Puts an active job back with a delay: a retry with backoff, or a deferral.

  A deferral is due on Redis' clock, no earlier than a gate opens that the API has shut, and its backoff grows with the job's deferrals, so
  that one job with a limit of its own does not come back at once for ever.

  KEYS[1..11]   BullMQ's moveToDelayed
  ARGV[1..9]    BullMQ's moveToDelayed; [2] timestamp, [3] job id, [5] delay, [8] fetch next?, [9] packed opts
  ARGV[10]      not used here
  ARGV[11]      the ending (lib/finish.lua)
  ARGV[12]      for a deferral, what kind of limit it was; else ""
  Reply         as BullMQ's, and: [5] the permit of the next job, [6] the delay of a deferral (ms)
]]
local DEFER_LEAST_MS = 100
local DEFER_MOST_MS = 30000

local ending = cjson.decode(ARGV[11])
local site = site_of(ARGV[1], clock(ending[NOW]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[1])
end
local next_opts = ARGV[8] == "1" and ARGV[9] or nil
local job_key, delay = KEYS[5], nil
local reply = finish(site, ending, ARGV[3], ARGV[2], "delayed", false, function()
  ARGV[8] = "0"
  if ARGV[12] == "" then
    return moveToDelayed(KEYS, ARGV)
  end
  local deferrals = tonumber(redis.call("HGET", job_key, "hg:deferrals") or 0)
  local backoff = math.min(DEFER_MOST_MS, DEFER_LEAST_MS * 2 ^ math.min(deferrals, 20))
  -- A gate that an operator may open any time holds it as well at the head of its queue.
  local shut = slow().cold(site).why == "throttled" and site.hot.gate - site.now or 0
  delay = math.ceil(math.max(shut, ending[RETRY_AFTER], backoff))
  ARGV[2] = math.floor(site.now)
  ARGV[5] = delay
  local moved = moveToDelayed(KEYS, ARGV)
  if moved == 0 then
    redis.call("HINCRBY", job_key, "hg:deferrals", 1)
    redis.call("HSETNX", job_key, "hg:deferredAt", math.floor(site.now))
    redis.call("HSET", job_key, "hg:deferred", "1")
    site.hot.deferred = site.hot.deferred + 1
    local asked = ending[RETRY_AFTER] > 0 and string.format(", Retry-After %d ms", ending[RETRY_AFTER]) or ""
    journal(job_key, string.format("deferral %d: %s%s, due in %d ms", deferrals + 1, ARGV[12], asked, delay))
  end
  return moved
end, next_opts)
if delay and not (type(reply) == "number" and reply < 0) then
  reply = type(reply) == "table" and reply or { 0, 0, 0, 0 }
  reply[5] = reply[5] or ""
  reply[6] = delay
end
return reply
