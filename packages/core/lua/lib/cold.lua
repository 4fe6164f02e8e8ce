-- The rest of the state: learned history, claims, turns, past seconds. Who asks for it pays for it, and it is saved with
-- the hot state.
local function cold(site)
  if not site.cold then
    local stored = redis.call("HMGET", site.key, "config", "state")
    site.config = stored[1] and cmsgpack.unpack(stored[1]) or { limits = {} }
    site.cold = stored[2] and cmsgpack.unpack(stored[2]) or {
      why = "", law = {}, absent = {},
      ring = { ok = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, throttled = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
    }
  end
  return site.cold
end

local function each_name(site)
  return string.gmatch(string.sub(site.plan.packed, site.plan.names), "[^\n]+")
end

local function depth_of(base)
  return redis.call("LLEN", base .. "wait") + redis.call("LLEN", base .. "paused")
    + redis.call("ZCARD", base .. "prioritized") + redis.call("ZCARD", base .. "delayed")
    + redis.call("LLEN", base .. "active") + redis.call("ZCARD", base .. "waiting-children")
end

local function has_waiting(base)
  return redis.call("LLEN", base .. "wait") > 0 or redis.call("ZCARD", base .. "prioritized") > 0
end

-- What only admission, levels and operators look at: the queue's definition, and its level with all that belongs to it.
local function load_queue(site, name)
  local stored = redis.call("HMGET", site.prefix .. ":@queue:" .. name, "config", "state")
  return {
    name = name,
    base = site.prefix .. ":" .. name .. ":",
    config = stored[1] and cmsgpack.unpack(stored[1]) or nil,
    state = stored[2] and cmsgpack.unpack(stored[2])
      or { level = "open", reason = "", version = 0, since = 0 },
  }
end

local function save_queue(site, queue)
  redis.call("HSET", site.prefix .. ":@queue:" .. queue.name, "state", cmsgpack.pack(queue.state))
end
