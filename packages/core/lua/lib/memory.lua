-- How full Redis is, of what it may use. Reading costs 40 us, so it is read at most once a second for a limiter; never by an
-- enqueue at an open level: producers look once a second (commands/review.lua).
local MEMORY_READ_MS = 1000
local MEMORY_HIGH = 0.85
-- Closed until it is this far below: what finishes frees memory, and what is admitted takes it again.
local MEMORY_BACK = 0.05

-- 0 where there is no bound, or Redis will not tell.
local function memory_read()
  local info = redis.pcall("INFO", "memory")
  if type(info) ~= "string" then
    return 0
  end
  local most = tonumber(string.match(info, "\nmaxmemory:(%d+)") or 0)
  if most == 0 then
    return 0
  end
  local used = tonumber(string.match(info, "\nused_memory:(%d+)") or 0)
  -- Buffers that Redis itself does not count when it refuses.
  local apart = tonumber(string.match(info, "\nmem_not_counted_for_evict:(%d+)") or 0)
  return (used - apart) / most
end

local function memory_share(site)
  local at, share = string.match(redis.call("HGET", site.key, "memory") or "", "^(%S+) (%S+)$")
  at = tonumber(at or "")
  if at and site.now >= at and site.now - at < MEMORY_READ_MS then
    return tonumber(share)
  end
  local read = memory_read()
  -- In a script that may not write when memory is full it is read again.
  redis.pcall("HSET", site.key, "memory", string.format("%.0f %.4f", site.now, read))
  return read
end

-- Whether memory closes a queue.
local function memory_high(site, queue)
  local high = queue.config.memoryHigh or MEMORY_HIGH
  local closed = queue.state.level == "closed" and queue.state.reason == "memory"
  return memory_share(site) >= (closed and high - MEMORY_BACK or high)
end
