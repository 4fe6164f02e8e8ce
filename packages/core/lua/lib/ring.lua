-- Accepted and throttled outcomes of the last 10 s. The running second is hot; the seconds before it are cold, so only the
-- first outcome of a second pays for them.
local RING_SECONDS = 10

local function ring_turn(site)
  local hot, second = site.hot, math.floor(site.now / 1000)
  if hot.second >= second then
    return
  end
  local ring = cold(site).ring
  local past = hot.second % RING_SECONDS + 1
  ring.ok[past] = hot.secondOk
  ring.throttled[past] = hot.secondThrottled
  for step = 1, math.min(second - hot.second - 1, RING_SECONDS) do
    local slot = (hot.second + step) % RING_SECONDS + 1
    ring.ok[slot] = 0
    ring.throttled[slot] = 0
  end
  hot.second = second
  hot.secondOk = 0
  hot.secondThrottled = 0
end

-- Sums over the last `seconds` (at most 10), the running one included.
local function ring_sums(site, seconds)
  ring_turn(site)
  local ring = cold(site).ring
  local ok, throttled = site.hot.secondOk, site.hot.secondThrottled
  for back = 1, seconds - 1 do
    local slot = (site.hot.second - back) % RING_SECONDS + 1
    ok = ok + (ring.ok[slot] or 0)
    throttled = throttled + (ring.throttled[slot] or 0)
  end
  return ok, throttled
end

-- Below 5 outcomes a share says nothing: one unlucky call would close the queue.
local SHARE_LEAST = 5

local function throttled_share(site)
  local ok, throttled = ring_sums(site, RING_SECONDS)
  if ok + throttled < SHARE_LEAST then
    return 0
  end
  return throttled / (ok + throttled)
end

local function accepted_per_second(site)
  return ring_sums(site, RING_SECONDS) / RING_SECONDS
end
