--- @keys 7
--- @include "clock"
--- @include "finish"
--[[
  Parks an active parent until its children are done; settles only.

  KEYS[1..7]   BullMQ's moveToWaitingChildren
  ARGV[1..5]   BullMQ's moveToWaitingChildren; [3] timestamp, [4] job id, [5] key prefix
  ARGV[6]      not used here
  ARGV[7]      the ending (lib/finish.lua)
  Reply        as BullMQ's: 0 moved, 1 nothing to wait for (the job stays active, and its permit open)
]]
local ending = cjson.decode(ARGV[7])
local site = site_of(ARGV[5], clock(ending[NOW]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[5])
end
local reply = moveToWaitingChildren(KEYS, ARGV)
if reply == 1 then
  return reply
end
return finish(site, ending, ARGV[4], ARGV[3], "waiting-children", false, function()
  return reply
end, nil)
