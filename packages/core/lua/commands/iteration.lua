--- @keys 3
--- @include "clock"
--- @include "slow"
--[[
  Was the queue closed when this iteration of a schedule came due? Then it is not run, and counted once. When that is asked
  is of no matter: with a gate that was shut for an hour it is an hour later. Times are Redis' own; when an iteration is due
  was worked out on a host's clock, as all of BullMQ's delays. A schedule that plain BullMQ made runs as BullMQ says.

  KEYS[1]  <prefix>:@queue:<name>
  KEYS[2]  the job's key
  KEYS[3]  BullMQ's key of the queue's schedules
  ARGV[1]  when it was due (epoch ms)
  Reply    1: it was; 0: it was not
]]
local due = tonumber(ARGV[1])
local site = site_of(string.match(KEYS[3], "^(.*:)[^:]+$"), clock())
if not site or redis.call("HEXISTS", KEYS[2], "hg:scheduled") == 0 then
  return 0
end
local state = slow().load_queue(site, site.name).state

-- What schedules have stored counts as depth too, for each the next iteration and mostly one that runs: alone it must not
-- close a queue for them, or none would ever run again.
local function closed_now()
  if not state.closedSince or due < state.closedSince then
    return false
  end
  local others = slow().depth_of(site.base) - 2 * redis.call("ZCARD", KEYS[3])
  return state.reason ~= "depth" or others > site.plan.middle
end

local closed = closed_now()
for _, span in ipairs(state.closed or {}) do
  closed = closed or due >= span[1] and due < span[2]
end
if not closed then
  return 0
end
if redis.call("HSETNX", KEYS[2], "hg:skipped", "1") == 1 then
  redis.call("HINCRBY", KEYS[1], "skipped", 1)
end
return 1
