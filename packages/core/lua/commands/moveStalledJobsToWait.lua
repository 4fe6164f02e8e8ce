--- @keys 9
--[[
  Puts jobs back whose workers are gone, and counts their permits as expired: nobody will say how they ended.

  KEYS[1..9]   BullMQ's moveStalledJobsToWait
  ARGV[1..4]   BullMQ's moveStalledJobsToWait; [2] key prefix
  Reply        as BullMQ's: their ids
]]
local stalled = moveStalledJobsToWait(KEYS, ARGV)
if #stalled > 0 then
  local prefix = string.match(ARGV[2], "^(.*):[^:]+:$")
  redis.call("HINCRBY", prefix .. ":@limiter", "count:expired", #stalled)
end
return stalled
