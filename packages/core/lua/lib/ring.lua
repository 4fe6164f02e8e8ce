-- Accepted and throttled outcomes of the last 10 s, one slot a second.
local RING_SECONDS = 10

local function ring_turn(ring, now)
  local second = math.floor(now / 1000)
  local gap = math.min(second - ring.at, RING_SECONDS)
  for step = 1, gap do
    local slot = (second - gap + step) % RING_SECONDS + 1
    ring.ok[slot] = 0
    ring.throttled[slot] = 0
  end
  if second > ring.at then
    ring.at = second
  end
  for slot = 1, RING_SECONDS do
    ring.ok[slot] = ring.ok[slot] or 0
    ring.throttled[slot] = ring.throttled[slot] or 0
  end
  return second % RING_SECONDS + 1
end

local function ring_count(ring, kind, now)
  local slot = ring_turn(ring, now)
  ring[kind][slot] = ring[kind][slot] + 1
end

-- Sums over the last `seconds` (the running one included).
local function ring_sums(ring, seconds, now)
  ring_turn(ring, now)
  local ok, throttled = 0, 0
  for back = 0, seconds - 1 do
    local slot = (math.floor(now / 1000) - back) % RING_SECONDS + 1
    ok = ok + ring.ok[slot]
    throttled = throttled + ring.throttled[slot]
  end
  return ok, throttled
end

-- Below 5 outcomes a share says nothing: one unlucky call would close the queue.
local SHARE_LEAST = 5

local function throttled_share(ring, now)
  local ok, throttled = ring_sums(ring, RING_SECONDS, now)
  if ok + throttled < SHARE_LEAST then
    return 0
  end
  return throttled / (ok + throttled)
end

local function accepted_per_second(ring, now)
  local ok = ring_sums(ring, RING_SECONDS, now)
  return ok / RING_SECONDS
end
