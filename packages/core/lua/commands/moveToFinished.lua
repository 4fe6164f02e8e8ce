--- @keys 14
--- @include "calm"
--- @include "clock"
--- @include "drain"
--- @include "finish"
--[[
  Ends a job as completed or failed, settles its permit, and takes the next job with a permit of its own.

  KEYS[1..14]   BullMQ's moveToFinished
  ARGV[1..9]    BullMQ's moveToFinished; [1] job id, [2] timestamp, [5] target, [6] fetch next?, [7] key prefix, [8] opts
  ARGV[10]      "1" when the ending is an ok and nothing more (lib/calm.lua)
  ARGV[11]      the ending (lib/finish.lua)
  Reply         as BullMQ's, and a fifth element: the permit of the next job
]]
local ending = cjson.decode(ARGV[11])
local site = site_of(ARGV[7], clock(ending[NOW]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[7])
end
local next_opts = ARGV[6] == "1" and ARGV[8] or nil
local host_now = ARGV[2]
ARGV[2] = math.floor(site.now)
drain_count(site.pulse, site.now, 1)
return finish(site, ending, ARGV[1], host_now, ARGV[5], true, function(with_fetch)
  ARGV[6] = with_fetch
  return moveToFinished(KEYS, ARGV)
end, next_opts)
