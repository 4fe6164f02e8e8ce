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
  local cost = redis.call("HGET", KEYS[1] .. ":" .. ARGV[2], "hg:cost")
  if cost then
    redis.call("HSET", ARGV[6] .. reply, "hg:cost", cost)
  end
end
return reply
