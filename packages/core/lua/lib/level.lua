-- Pressure levels (DESIGN.md section 7). Decided here, stored with version, reason and since-when, published on change.

-- How long a closed level may go unreviewed: every waiting producer process asks once when it passes.
local REVIEW_MS = 10000
-- No refusal sends anybody away for longer.
local RETRY_MOST_MS = 3600000
-- With nothing active the throttled share counts as nothing, but not in the second after it closed the queue: at one job at
-- a time the level would open and close with every single one.
local THROTTLED_LEAST_MS = 1000
local LEVEL_CODE = { open = 0, slow = 1, closed = 2 }

-- Pure: the level that follows from where the queue is and what else speaks for closing it.
local function next_level(current, config, depth, causes)
  local low = config.low * config.capacity
  local high = config.high * config.capacity
  local middle = (low + high) / 2
  if causes.operator then return "closed", "operator" end
  if causes.memory then return "closed", "memory" end
  if causes.gate then return "closed", "gate" end
  if causes.throttled then return "closed", "throttled" end
  if depth >= high or (current == "closed" and depth > middle) then return "closed", "depth" end
  if depth >= middle or (current ~= "open" and depth > low) then return "slow", "depth" end
  return "open", ""
end

local function level_causes(site, queue)
  local config, hot = queue.config, site.hot
  local share = throttled_share(site)
  local was = queue.state.level == "closed" and queue.state.reason == "throttled"
  local throttled = share > config.throttledHigh or (was and share > config.throttledLow)
  if throttled and hot.gate <= site.now and in_flight(site) == 0
    and not (was and site.now - queue.state.since < THROTTLED_LEAST_MS) then
    throttled = false
  end
  local paused = queue.state.pause
  if paused and paused.till <= site.now then
    queue.state.pause = nil
    paused = nil
  end
  local shut = hot.gate > site.now
  return {
    operator = paused or (shut and cold(site).why == "operator"),
    gate = shut and hot.gate - site.now > config.maxWait,
    throttled = throttled,
    memory = memory_high(site, queue),
  }
end

-- The next time that a closed level has to be looked at (ms); 0 at other levels.
local function level_review_at(queue, now)
  local state = queue.state
  if state.level ~= "closed" then
    return 0
  end
  return state.since + (math.floor(math.max(0, now - state.since) / REVIEW_MS) + 1) * REVIEW_MS
end

-- How fast the queue drains while there is work. A queue that stood empty did not become slower: only the time for which
-- jobs have waited and none ended counts against the rate; and while the gate is shut none of it does. Before anything was
-- measured: what the controller would let through; 0 when nobody knows.
local function draining(site, queue)
  local pulse, now = site.pulse, site.now
  local idle = math.max(0, now - pulse.at)
  if site.hot.gate > now then
    idle = 0
  elseif idle > 0 then
    local id = redis.call("LINDEX", queue.base .. "wait", -1) or redis.call("ZRANGE", queue.base .. "prioritized", 0, 0)[1]
    local since = id and tonumber(redis.call("HGET", queue.base .. id, "timestamp") or "")
    idle = since and math.max(0, math.min(idle, now - since)) or 0
  end
  local rate = pulse.sum > 0 and drain_per_second(pulse, pulse.at + idle) or 0
  if rate == 0 then
    rate = law_rate(site.hot, site.plan)
    if rate == math.huge then rate = 0 end
  end
  return rate
end

-- Until the throttled share of the last 10 s has fallen, when nothing more is throttled.
local function share_falls_after(site, config)
  local ring, hot = cold(site).ring, site.hot
  local ok, throttled = ring_sums(site, RING_SECONDS)
  for back = RING_SECONDS - 1, 1, -1 do
    if ok + throttled < SHARE_LEAST or throttled / (ok + throttled) <= config.throttledLow then
      return (RING_SECONDS - 1 - back) * 1000
    end
    local slot = (hot.second - back) % RING_SECONDS + 1
    ok, throttled = ok - (ring.ok[slot] or 0), throttled - (ring.throttled[slot] or 0)
  end
  return REVIEW_MS
end

-- Milliseconds until there is room for who is refused: until depth has come down to `rest` at the rate at which the queue
-- really drains, and whatever else closes it has passed. And how long one job takes to drain, 0: unknown.
local function level_retry_after(site, queue, depth, rest)
  local config, state = queue.config, queue.state
  local shut, wait = math.max(0, site.hot.gate - site.now), 0
  rest = rest or state.level == "closed" and math.floor((config.low * config.capacity + config.high * config.capacity) / 2)
    or config.capacity - 1
  local over = depth - rest
  local rate = draining(site, queue)
  if over > 0 then
    wait = rate > 0 and shut + over / rate * 1000 or math.max(shut, REVIEW_MS)
  end
  if state.reason == "operator" then
    wait = math.max(wait, state.pause and state.pause.till - site.now or shut)
  elseif state.reason == "gate" then
    wait = math.max(wait, shut - config.maxWait)
  elseif state.reason == "memory" then
    wait = math.max(wait, level_review_at(queue, site.now) - site.now)
  elseif state.reason == "throttled" then
    wait = math.max(wait, share_falls_after(site, config))
  end
  return math.max(10, math.min(RETRY_MOST_MS, math.ceil(wait))), rate > 0 and 1000 / rate or 0
end

-- When a producer that waits at a closed level asks again though nobody has told it anything: at the review, or when what
-- closes the queue ends by itself, which no script of a worker would see.
local function level_ask_after(site, queue)
  local at = level_review_at(queue, site.now)
  local state = queue.state
  if state.reason == "operator" then
    at = math.min(at, state.pause and state.pause.till or site.hot.gate)
  elseif state.reason == "gate" then
    at = math.min(at, site.hot.gate - queue.config.maxWait)
  end
  return math.max(1, math.ceil(at - site.now))
end

-- When it was closed, the last few times: iterations of schedules that came due meanwhile are not run.
local CLOSED_KEPT = 8

local function remember_closed(state, level, now)
  if level == "closed" then
    state.closedSince = state.closedSince or now
  elseif state.closedSince then
    local spans = state.closed or {}
    spans[#spans + 1] = { state.closedSince, now }
    if #spans > CLOSED_KEPT then table.remove(spans, 1) end
    state.closed, state.closedSince = spans, nil
  end
end

-- Brings a queue's level up to date.
local function level_review(site, queue, depth)
  if not queue.config then
    return
  end
  local level, reason = next_level(queue.state.level, queue.config, depth, level_causes(site, queue))
  if level == queue.state.level and reason == queue.state.reason then
    return
  end
  local state = queue.state
  remember_closed(state, level, site.now)
  state.level, state.reason, state.since, state.version = level, reason, site.now, state.version + 1
  redis.call("PUBLISH", site.prefix .. ":@feed", cjson.encode({
    type = "level", queue = queue.name, level = level, reason = reason, depth = depth,
    version = state.version, since = math.floor(site.now), reviewAt = math.floor(level_review_at(queue, site.now)),
  }))
  save_queue(site, queue)
  if queue.name == site.name then
    site.pulse.level = LEVEL_CODE[level]
  else
    local pulse = pulse_of(redis.call("HGET", site.key, "pulse:" .. queue.name))
    pulse.level = LEVEL_CODE[level]
    redis.call("HSET", site.key, "pulse:" .. queue.name, pulse_pack(pulse), "fast:" .. queue.name, "")
  end
end

-- After something that touches every queue of the limiter: the gate, a throttled call, an operator.
local function level_review_all(site)
  for name in each_name(site) do
    local queue = load_queue(site, name)
    level_review(site, queue, depth_of(queue.base))
  end
end
