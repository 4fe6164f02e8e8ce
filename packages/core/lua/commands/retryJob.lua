--- @keys 11
--- @include "clock"
--- @include "finish"
--[[
  Puts an active job back at once; its reply is discarded by BullMQ, so it settles and fetches nothing.

  KEYS[1..11]  BullMQ's retryJob
  ARGV[1..6]   BullMQ's retryJob; [1] key prefix, [2] timestamp, [4] job id
  ARGV[7]      not used here
  ARGV[8]      the ending (lib/finish.lua)
  Reply        as BullMQ's
]]
local ending = cjson.decode(ARGV[8])
local site = site_of(ARGV[1], clock(ending[NOW]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[1])
end
return finish(site, ending, ARGV[4], ARGV[2], "wait", false, function()
  return retryJob(KEYS, ARGV)
end, nil)
