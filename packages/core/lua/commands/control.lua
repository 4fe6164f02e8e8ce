--- @keys 1
--- @include "clock"
--- @include "site"
--- @include "count"
--- @include "wake"
--- @include "gate"
--- @include "ring"
--- @include "level"
--- @include "law"
--- @include "config"
--[[
  The operator's levers. What they change is felt at once: sleeping workers are woken in the same script.

  KEYS[1]  <prefix>:@limiter
  ARGV[1]  prefix
  ARGV[2]  pauseLimiter | resumeLimiter | setLimits | pauseQueue | resumeQueue | changed
  ARGV[3]  queue name or ""
  ARGV[4]  pause: for how many ms, or "" for ever;  setLimits: the override (JSON)
  ARGV[5]  reason
  ARGV[6]  time to use instead of Redis' own (ms)
  Reply    1, or 0 when the limiter or the queue was never registered
]]
local prefix, action, name, value, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = clock(ARGV[6])
if redis.call("HEXISTS", KEYS[1], "code") == 0 then
  return 0
end

if action == "setLimits" then
  redis.call("HSET", KEYS[1], "override", value)
  recompile(prefix, now)
end

local config, state = load_limiter(prefix, now)
local site = { prefix = prefix, now = now, config = config, state = state, queue = { name = name } }
if name ~= "" then
  site.queue = load_queue(prefix, name)
  site.base = site.queue.base
  if not site.queue.config then
    return 0
  end
end

if action == "pauseLimiter" then
  gate_shut(site, now + (value ~= "" and tonumber(value) or GATE_MOST_MS), "operator")
  state.why = "operator"
  redis.call("HSET", KEYS[1], "pauseReason", reason)
elseif action == "resumeLimiter" then
  state.gate = 0
  state.why = ""
  state.half = 0
  state.probe = nil
  gate_unmirror(site)
  redis.call("HDEL", KEYS[1], "pauseReason")
elseif action == "pauseQueue" then
  site.queue.state.pause = { till = now + (value ~= "" and tonumber(value) or GATE_MOST_MS), reason = reason }
  save_queue(prefix, site.queue)
elseif action == "resumeQueue" then
  site.queue.state.pause = nil
  save_queue(prefix, site.queue)
end

wake(site)
save(site)
if name ~= "" then
  level_review(site, site.queue, depth_of(site.base))
else
  level_review_all(site)
end
return 1
