--- @keys 1
--- @include "clock"
--- @include "slow"
--- @include "config"
--- @include "bare"
--[[
  The operator's levers. What they change is felt at once: sleeping workers are woken in the same script.

  KEYS[1]  <prefix>:@limiter
  ARGV[1]  prefix
  ARGV[2]  pauseLimiter | resumeLimiter | setLimits | pauseQueue | resumeQueue | leaveQueue (it moved to another limiter)
           wake: changes nothing, as when the worker that kept the time leaves
  ARGV[3]  queue name or ""
  ARGV[4]  pause: for how many ms, or "" for ever;  setLimits: limits and concurrency (JSON);
           what is left out stays as it is overridden, false goes back to the definition's
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
  local override = cjson.decode(redis.call("HGET", KEYS[1], "override") or "{}")
  for part, set in pairs(cjson.decode(value)) do
    override[part] = set or nil
  end
  if next(override) then
    redis.call("HSET", KEYS[1], "override", cjson.encode(override))
  else
    redis.call("HDEL", KEYS[1], "override")
  end
  recompile(prefix)
elseif action == "leaveQueue" then
  redis.call("SREM", prefix .. ":@queues", name)
  redis.call("DEL", prefix .. ":@queue:" .. name)
  redis.call("HDEL", KEYS[1], "plan:" .. name, "pulse:" .. name, "fast:" .. name)
  recompile(prefix)
  return 1
end

local site = any_site(prefix, name, now)
if not site then
  return 0
end

if site.hot.calm == 1 then
  slow().uncalm(site)
end
-- What an operator's pause without an end means: gate.lua bounds it to 365 days.
local FOR_EVER_MS = 31536000000
local till = now + (value ~= "" and tonumber(value) or FOR_EVER_MS)
if action == "pauseLimiter" then
  slow().gate_shut(site, till, "operator")
  slow().cold(site).why = "operator"
  redis.call("HSET", KEYS[1], "pauseReason", reason)
elseif action == "resumeLimiter" then
  local state = slow().cold(site)
  state.shut = (state.shut or 0) - math.max(0, site.hot.gate - now)
  site.hot.gate = 0
  site.hot.half = 0
  site.hot.probe = 0
  if state.why == "quota" then slow().quota_resumed(site) end
  state.why = ""
  slow().gate_unmirror(site)
  redis.call("HDEL", KEYS[1], "pauseReason")
elseif action == "pauseQueue" or action == "resumeQueue" then
  local queue = slow().load_queue(site, name)
  queue.state.pause = action == "pauseQueue" and { till = till, reason = reason } or nil
  slow().save_queue(site, queue)
end
slow().wake(site)
slow().level_review_all(site)
save(site)
return 1
