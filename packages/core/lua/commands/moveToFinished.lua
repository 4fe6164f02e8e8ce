--- @keys 14
--- @include "clock"
--- @include "site"
--- @include "finish"
--[[
  Ends a job as completed or failed, settles its permit, and takes the next job with a permit of its own.

  KEYS[1..14]   BullMQ's moveToFinished
  ARGV[1..9]    BullMQ's moveToFinished; [2] timestamp, [6] fetch next?, [7] key prefix, [8] packed opts
  ARGV[10..19]  the ending (lib/finish.lua)
  Reply         as BullMQ's, and a fifth element: the permit of the next job
]]
local site, ending = ending_of(ARGV[7], ARGV[2], ARGV, 10)
local wants_next = ARGV[6] == "1"
return finish(site, ending, function()
  ARGV[6] = "0"
  local reply = moveToFinished(KEYS, ARGV)
  if reply == 0 then
    drain_count(site)
  end
  return reply
end, wants_next and ARGV[8] or nil)
