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
  Reply    "ok", "full" when the limiter has its most queues, or "format <n>" when its state is of another version of Headgate,
           which is a newer one, or which has jobs under way
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

-- Of another version, nobody can read what was learned and granted. An older one's is forgotten as soon as nothing is in
-- flight; definitions, overrides and jobs stay. A newer one's is left alone.
local stored = redis.call("HMGET", KEYS[1], "hot", "format")
local migrated = false
-- (A limiter that was only paused so far has no queues, and its state is of whoever paused it.)
if stored[1] and stored[2] ~= FORMAT and (stored[2] or redis.call("SCARD", prefix .. ":@queues") > 0) then
  local theirs = stored[2] or "0"
  if tonumber(theirs) > tonumber(FORMAT) then
    return "format " .. theirs
  end
  for _, name in ipairs(redis.call("SMEMBERS", prefix .. ":@queues")) do
    if redis.call("LLEN", prefix .. ":" .. name .. ":active") > 0 then
      return "format " .. theirs
    end
    redis.call("HDEL", KEYS[1], "plan:" .. name, "pulse:" .. name, "fast:" .. name)
  end
  redis.call("HDEL", KEYS[1], "hot", "state", "law")
  migrated = true
end
redis.call("HSET", KEYS[1], "format", FORMAT)

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
if changed or joined or migrated then
  recompile(prefix)
end
if queue ~= "" and (changed or migrated) then
  local site = site_of(prefix .. ":" .. queue .. ":", now)
  slow().level_review(site, slow().load_queue(site, queue), slow().depth_of(site.base))
  save(site)
end
return "ok"
