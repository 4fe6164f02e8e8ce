--- @keys 1
--- @include "clock"
--- @include "slow"
--[[
  A look at a queue's level by somebody who does not enqueue: once a second by a producer that has enqueued, because an open
  door looks at nothing but depth (memory), and after Redis refused an enqueue for full memory.

  KEYS[1]  <prefix>:@limiter
  ARGV[1]  BullMQ's key prefix of the queue
  ARGV[2]  "1": Redis has just refused something for full memory, so what was read of it is old
  ARGV[3]  time to use instead of Redis' own (ms)
  Reply    1
]]
local site = site_of(ARGV[1], clock(ARGV[3]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[1])
end
if ARGV[2] == "1" then
  redis.call("HDEL", site.key, "memory")
end
local queue = slow().load_queue(site, site.name)
if site.pulse.level == 0 and not slow().memory_high(site, queue) then
  return 1
end
if site.hot.calm == 1 then
  slow().uncalm(site)
end
slow().level_review(site, queue, slow().depth_of(site.base))
save(site)
return 1
