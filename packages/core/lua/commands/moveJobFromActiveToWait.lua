--- @keys 9
--- @include "clock"
--- @include "finish"
--- @include "journal"
--[[
  Puts an active job back at the head (a worker that gives it up, or a quota that is spent); settles only. BullMQ's reply is a TTL that makes the
  worker sleep, so it is answered 0.

  KEYS[1..9]   BullMQ's moveJobFromActiveToWait
  ARGV[1..3]   BullMQ's moveJobFromActiveToWait; [1] job id
  ARGV[4]      key prefix of the queue
  ARGV[5]      timestamp of the host
  ARGV[6]      not used here
  ARGV[7]      the ending (lib/finish.lua)
  Reply        0, or BullMQ's error code
]]
local ending = cjson.decode(ARGV[7])
local site = site_of(ARGV[4], clock(ending[NOW]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[4])
end
return finish(site, ending, ARGV[1], ARGV[5], "wait", false, function()
  local reply = moveJobFromActiveToWait(KEYS, ARGV)
  if reply >= 0 and ending[OUTCOME] == "quota" then
    -- How long it is parked is not its doing: the age of its deferrals begins anew.
    redis.call("HDEL", ARGV[4] .. ARGV[1], "hg:deferredAt")
    journal(ARGV[4] .. ARGV[1], "parked: the API's quota is spent")
  end
  return reply < 0 and reply or 0
end, nil)
