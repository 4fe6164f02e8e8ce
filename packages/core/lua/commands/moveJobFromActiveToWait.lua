--- @keys 9
--- @include "clock"
--- @include "site"
--- @include "finish"
--[[
  Puts an active job back at the head (a worker that gives it up); settles only. BullMQ's reply is a TTL that makes the
  worker sleep, so it is answered 0.

  KEYS[1..9]   BullMQ's moveJobFromActiveToWait
  ARGV[1..3]   BullMQ's moveJobFromActiveToWait
  ARGV[4]      key prefix of the queue
  ARGV[5]      timestamp of the host
  ARGV[6..15]  the ending (lib/finish.lua)
  Reply        0, or BullMQ's error code
]]
local site, ending = ending_of(ARGV[4], ARGV[5], ARGV, 6)
return finish(site, ending, function()
  local reply = moveJobFromActiveToWait(KEYS, ARGV)
  return reply < 0 and reply or 0
end, nil)
