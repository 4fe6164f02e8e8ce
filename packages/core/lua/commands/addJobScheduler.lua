--- @keys 11
--[[
  Starts or changes a schedule, and stores its next iteration: no level refuses one.

  KEYS[1..11]  BullMQ's addJobScheduler
  ARGV[1..9]   BullMQ's addJobScheduler
  ARGV[10]     nonce of this call: its repeat after a lost reply does nothing
  ARGV[11]     cost (JSON) where jobs of the queue differ, else ""
  Reply        as BullMQ's; { "", 0 } to a repeat
]]
local prefix, name = string.match(ARGV[8], "^(.*):([^:]+):$")
if redis.call("HEXISTS", prefix .. ":@limiter", "plan:" .. name) == 0 then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[8])
end
local schedule = KEYS[1] .. ":" .. ARGV[3]
if redis.call("HGET", schedule, "hg:nonce") == ARGV[10] then
  return { "", 0 }
end
local reply = addJobScheduler(KEYS, ARGV)
if type(reply) == "table" then
  redis.call("HSET", schedule, "hg:nonce", ARGV[10])
  redis.call("HSET", ARGV[8] .. reply[1], "hg:scheduled", "1")
  if ARGV[11] ~= "" then
    redis.call("HSET", schedule, "hg:cost", ARGV[11])
    redis.call("HSET", ARGV[8] .. reply[1], "hg:cost", ARGV[11])
  end
end
return reply
