-- Where a script stands: the limiter, the queue, the time. Loaded once, changed in place, saved once.
--
-- Keys (all share the limiter's hash tag; src/redis/keys.ts lists them with owner and lifetime):
--   <prefix>:@limiter        hash: config, state (cmsgpack), and what register.lua keeps beside them
--   <prefix>:@queue:<name>   hash: config, state (cmsgpack)
-- `@` is in no queue name, so nothing here can collide with a queue's own keys.
--
-- State is one packed value: a script pays one read and one write for it, whatever it holds. As single fields the
-- same state cost 14 more redis.call per job.
local function fresh_limiter_state(now)
  return {
    gate = 0, why = "", half = 0,
    buckets = {}, served = {}, drain = {}, absent = {}, mirrored = {},
    law = {}, ring = { at = math.floor(now / 1000), ok = {}, throttled = {} },
    granted = 0, ok = 0, throttled = 0, failed = 0, released = 0,
  }
end

local function unpacked(value, otherwise)
  return value and cmsgpack.unpack(value) or otherwise
end

local function load_limiter(prefix, now)
  local stored = redis.call("HMGET", prefix .. ":@limiter", "config", "state")
  return unpacked(stored[1], { limits = {}, queues = {}, adaptive = 0, paced = 0 }),
    unpacked(stored[2], nil) or fresh_limiter_state(now)
end

local function load_queue(prefix, name)
  local stored = redis.call("HMGET", prefix .. ":@queue:" .. name, "config", "state")
  return {
    name = name,
    base = prefix .. ":" .. name .. ":",
    config = unpacked(stored[1], nil),
    state = unpacked(stored[2], nil) or { level = "open", reason = "", version = 0, since = 0, pace = 0 },
  }
end

local function save_queue(prefix, queue)
  redis.call("HSET", prefix .. ":@queue:" .. queue.name, "state", cmsgpack.pack(queue.state))
end

-- `base` is BullMQ's key prefix of one queue: "{headgate:openai}:summarize:".
local function site_of(base, now)
  local prefix, name = string.match(base, "^(.*):([^:]+):$")
  local config, state = load_limiter(prefix, now)
  return { prefix = prefix, base = base, now = now, config = config, state = state, queue = load_queue(prefix, name) }
end

local function save(site)
  redis.call("HSET", site.prefix .. ":@limiter", "state", cmsgpack.pack(site.state))
end
