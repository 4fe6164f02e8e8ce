--- @keys 7
--- @include "clock"
--- @include "site"
--- @include "finish"
--[[
  Parks an active parent until its children are done; settles only.

  KEYS[1..7]   BullMQ's moveToWaitingChildren
  ARGV[1..5]   BullMQ's moveToWaitingChildren; [3] timestamp, [5] key prefix
  ARGV[6..15]  the ending (lib/finish.lua)
  Reply        as BullMQ's: 0 moved, 1 nothing to wait for (the job stays active, and its permit open)
]]
local site, ending = ending_of(ARGV[5], ARGV[3], ARGV, 6)
local reply = moveToWaitingChildren(KEYS, ARGV)
if reply == 1 then
  return reply
end
return finish(site, ending, function()
  return reply
end, nil)
