--- @keys 11
--- @include "clock"
--- @include "fetch"
--[[
  Takes the next job together with a permit, or says how long to wait.

  KEYS[1..11]  BullMQ's moveToActive
  ARGV[1..3]   BullMQ's moveToActive: key prefix, timestamp, packed opts
  ARGV[4]      worker id (a number)
  ARGV[5]      free slots of the worker, the one to be filled included
  ARGV[6]      how long the grant is remembered (ms)
  ARGV[7]      time to use instead of Redis' own (ms), for tests and the simulator
  Reply        as BullMQ's, and with a job: [5] its permit, [6] the lock token
]]
local site = site_of(ARGV[1], clock(ARGV[7]))
if not site then
  return redis.error_reply("HG_NOT_REGISTERED " .. ARGV[1])
end
local token = cmsgpack.unpack(ARGV[3]).token

-- Sent twice, done once: the token still locks the job of its grant, so this command was already carried out.
local grant_key = site.prefix .. ":@grant:" .. site.name .. ":" .. token
local grant = redis.call("GET", grant_key)
if grant then
  local known = cjson.decode(grant)
  if redis.call("GET", site.base .. known.job .. ":lock") == token then
    return { redis.call("HGETALL", site.base .. known.job), known.job, 0, 0, known.permit, token }
  end
end

local who = { worker = tonumber(ARGV[4]), free = tonumber(ARGV[5]), host_now = tonumber(ARGV[2]) }
local reply = fetch(site, who, ARGV[3])
if type(reply[1]) == "table" then
  redis.call("SET", grant_key, cjson.encode({ job = reply[2], permit = reply[5] }), "PX", ARGV[6])
  reply[6] = token
end
save(site)
return reply
