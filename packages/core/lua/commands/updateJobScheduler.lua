--- @keys 12
--[[
  Stores a schedule's next iteration when one begins to run, with the cost of them all. No level refuses it: refused once, a
  schedule would end for good.

  KEYS[1..12]  BullMQ's updateJobScheduler
  ARGV[1..7]   BullMQ's updateJobScheduler
  Reply        as BullMQ's
]]
local reply = updateJobScheduler(KEYS, ARGV)
if type(reply) == "string" then
  local ours = redis.call("HMGET", KEYS[1] .. ":" .. ARGV[2], "hg:nonce", "hg:cost")
  if ours[1] then redis.call("HSET", ARGV[6] .. reply, "hg:scheduled", "1") end
  if ours[2] then redis.call("HSET", ARGV[6] .. reply, "hg:cost", ours[2]) end
end
return reply
