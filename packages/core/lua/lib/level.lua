-- Pressure levels (DESIGN.md section 7). Decided here, stored with version, reason and since-when, published on change.

-- How long a closed level may go unreviewed: every waiting producer process asks once when it passes.
local REVIEW_MS = 10000
local LEVEL_CODE = { open = 0, slow = 1, closed = 2 }

-- Pure: the level that follows from where the queue is and what else speaks for closing it.
local function next_level(current, config, depth, causes)
  local low = config.low * config.capacity
  local high = config.high * config.capacity
  local middle = (low + high) / 2
  if causes.operator then return "closed", "operator" end
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
  if throttled and hot.gate <= site.now and in_flight(site) == 0 then
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
  }
end

-- Milliseconds until it is worth asking again: from what the queue really drains, never past the review.
local function level_retry_after(site, queue, depth)
  local config = queue.config
  local wait = 0
  if site.hot.gate > site.now then
    wait = site.hot.gate - site.now
  end
  local rest = queue.state.level == "closed" and (config.low * config.capacity + config.high * config.capacity) / 2
    or config.capacity - 1
  local over = depth - rest
  if over > 0 then
    local rate = drain_per_second(site.pulse, site.now)
    wait = math.max(wait, rate > 0 and over / rate * 1000 or REVIEW_MS)
  end
  return math.max(10, math.min(REVIEW_MS, math.ceil(wait)))
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
    version = state.version, since = math.floor(site.now),
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
