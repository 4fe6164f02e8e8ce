--- @keys 2
--- @include "clock"
--- @include "slow"
--- @include "config"
--[[
  A process that starts registers what its code says about a limiter and, where it has one, a queue. A lower revision
  never replaces a higher one; without revisions the last start wins, and the disagreement is kept for `status`.

  KEYS[1]  <prefix>:@limiter
  KEYS[2]  <prefix>:@queue:<name>, or KEYS[1] again when no queue is registered
  ARGV[1]  prefix
  ARGV[2]  limiter definition (JSON)      ARGV[3] its hash      ARGV[4] its revision or ""
  ARGV[5]  queue name or ""
  ARGV[6]  queue definition (JSON)        ARGV[7] its hash      ARGV[8] its revision or ""
  ARGV[9]  most queues of a limiter
  ARGV[10] time to use instead of Redis' own (ms)
  Reply    "ok", or "full" when the limiter has its most queues
]]
local prefix, now = ARGV[1], clock(ARGV[10])

-- Keeps `code`, `hash` and `revision` of one definition; answers whether anything changed, and whether it is in force.
local function keep(key, code, hash, revision)
  local known = redis.call("HMGET", key, "hash", "revision")
  local mine, theirs = tonumber(revision), tonumber(known[2] or "")
  if known[1] == hash and mine == theirs then
    return false, true
  end
  if known[1] and known[1] ~= hash then
    redis.call("HSET", key, "disagreement", string.format(
      "definition %s%s met %s%s", string.sub(hash, 1, 8), mine and " (revision " .. mine .. ")" or "",
      string.sub(known[1], 1, 8), theirs and " (revision " .. theirs .. ")" or ""))
  end
  if theirs and (not mine or mine < theirs) then
    return false, false
  end
  redis.call("HSET", key, "code", code, "hash", hash, "revision", revision)
  return true, true
end

local queue = ARGV[5]
local joined = false
if queue ~= "" and redis.call("SISMEMBER", prefix .. ":@queues", queue) == 0 then
  if redis.call("SCARD", prefix .. ":@queues") >= tonumber(ARGV[9]) then
    return "full"
  end
  redis.call("SADD", prefix .. ":@queues", queue)
  joined = true
end
local changed = keep(KEYS[1], ARGV[2], ARGV[3], ARGV[4])
if queue ~= "" then
  local other, in_force = keep(KEYS[2], ARGV[6], ARGV[7], ARGV[8])
  if in_force then
    redis.call("HSET", KEYS[2], "config", cmsgpack.pack(cjson.decode(ARGV[6])))
  end
  changed = changed or other
end
if changed or joined then
  recompile(prefix)
end
if queue ~= "" and changed then
  local site = site_of(prefix .. ":" .. queue .. ":", now)
  slow().level_review(site, slow().load_queue(site, queue), slow().depth_of(site.base))
  save(site)
end
return "ok"
