--- @keys 2
--- @include "clock"
--- @include "site"
--- @include "count"
--- @include "gate"
--- @include "ring"
--- @include "level"
--- @include "law"
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

-- Keeps `code`, `hash` and `revision` of one definition; true when this one is now in force.
local function keep(key, code, hash, revision)
  local known = redis.call("HMGET", key, "hash", "revision", "code")
  local mine, theirs = tonumber(revision), tonumber(known[2] or "")
  local same = known[1] == hash
  if known[1] and not same then
    redis.call("HSET", key, "disagreement", string.format(
      "definition %s%s met %s%s", string.sub(hash, 1, 8), mine and " (revision " .. mine .. ")" or "",
      string.sub(known[1], 1, 8), theirs and " (revision " .. theirs .. ")" or ""))
  end
  if theirs and (not mine or mine < theirs) then
    return same
  end
  redis.call("HSET", key, "code", code, "hash", hash, "revision", revision)
  return true
end

local queue = ARGV[5]
if queue ~= "" and redis.call("SISMEMBER", prefix .. ":@queues", queue) == 0 then
  if redis.call("SCARD", prefix .. ":@queues") >= tonumber(ARGV[9]) then
    return "full"
  end
  redis.call("SADD", prefix .. ":@queues", queue)
end
keep(KEYS[1], ARGV[2], ARGV[3], ARGV[4])
local config, state = recompile(prefix, now)
if queue ~= "" and keep(KEYS[2], ARGV[6], ARGV[7], ARGV[8]) then
  redis.call("HSET", KEYS[2], "config", cmsgpack.pack(cjson.decode(ARGV[6])))
  local site = { prefix = prefix, now = now, config = config, state = state, queue = load_queue(prefix, queue) }
  site.base = site.queue.base
  level_review(site, site.queue, depth_of(site.base))
end
return "ok"
