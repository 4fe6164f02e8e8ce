--- @keys 11
--- @include "clock"
--- @include "site"
--- @include "finish"
--[[
  Puts an active job back at once; its reply is discarded by BullMQ, so it settles and fetches nothing.

  KEYS[1..11]  BullMQ's retryJob
  ARGV[1..6]   BullMQ's retryJob; [1] key prefix, [2] timestamp
  ARGV[7..16]  the ending (lib/finish.lua)
  Reply        as BullMQ's
]]
local site, ending = ending_of(ARGV[1], ARGV[2], ARGV, 7)
return finish(site, ending, function()
  return retryJob(KEYS, ARGV)
end, nil)
