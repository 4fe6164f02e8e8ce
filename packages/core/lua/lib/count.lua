-- Depth and in-flight are counted from BullMQ's own structures at the moment of decision: a second counter could leak.
local function depth_of(base)
  return redis.call("LLEN", base .. "wait") + redis.call("LLEN", base .. "paused")
    + redis.call("ZCARD", base .. "prioritized") + redis.call("ZCARD", base .. "delayed")
    + redis.call("LLEN", base .. "active") + redis.call("ZCARD", base .. "waiting-children")
end

local function in_flight(site)
  local count = 0
  for _, name in ipairs(site.config.queues) do
    count = count + redis.call("LLEN", site.prefix .. ":" .. name .. ":active")
  end
  return count
end

local function has_waiting(base)
  return redis.call("LLEN", base .. "wait") > 0 or redis.call("ZCARD", base .. "prioritized") > 0
end
