--- @keys 11
--- @include "clock"
--- @include "site"
--- @include "fetch"
--[[
  Takes the next job together with a permit, or says how long to wait.

  KEYS[1..11]  BullMQ's moveToActive
  ARGV[1..3]   BullMQ's moveToActive: key prefix, timestamp, packed opts
  ARGV[4]      worker id
  ARGV[5]      free slots of the worker, the one to be filled included
  ARGV[6]      how long the grant is remembered (ms)
  ARGV[7]      time to use instead of Redis' own (ms), for tests and the simulator
  Reply        as BullMQ's, and with a job: [5] its permit, [6] the lock token
]]
local site = site_of(ARGV[1], clock(ARGV[7]))
local who = {
  worker = ARGV[4], token = cmsgpack.unpack(ARGV[3]).token, free = tonumber(ARGV[5]), grant_ms = ARGV[6],
  host_now = tonumber(ARGV[2]),
}

-- Sent twice, done once: the token still locks the job of its grant, so this command was already carried out.
local grant = redis.call("GET", site.prefix .. ":@grant:" .. site.queue.name .. ":" .. who.token)
if grant then
  local known = cjson.decode(grant)
  if known.job ~= "" and redis.call("GET", site.base .. known.job .. ":lock") == who.token then
    return { redis.call("HGETALL", site.base .. known.job), known.job, 0, 0, known.permit, who.token }
  end
end

local reply = fetch(site, who, ARGV[3])
if type(reply[1]) == "table" then
  remember(site, who, reply[2])
  reply[6] = who.token
end
save(site)
return reply
