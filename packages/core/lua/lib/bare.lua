--- @include "site"
-- A limiter that no queue has joined yet can be paused and looked at all the same.
local function bare_site(prefix, now)
  local key = prefix .. ":@limiter"
  local packed = redis.call("HGET", key, "hot") or string.rep("\0", HOT_BYTES)
  local hot = hot_of(packed)
  return {
    prefix = prefix, key = key, base = "", name = "", now = now, hot = hot, pulse = pulse_of(nil),
    plan = { limits = {}, queues = 0, concurrency = 0, cap = 0, adaptive = 0, paced = 0, packed = "", names = 1,
      capacity = 1, middle = 1 },
  }
end

-- `site_of` for any queue of the limiter, else the bare limiter.
local function any_site(prefix, name, now)
  local any = name ~= "" and name or redis.call("SRANDMEMBER", prefix .. ":@queues")
  if any then
    return site_of(prefix .. ":" .. any .. ":", now)
  end
  return bare_site(prefix, now)
end
