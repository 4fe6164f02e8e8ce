--- @include "site"
--- @include "count"
--- @include "ring"
-- Pressure levels (DESIGN.md section 7). Decided here, stored with version, reason and since-when, published on change.

-- How long a closed level may go unreviewed: every waiting producer process asks once when it passes.
local REVIEW_MS = 10000
local DRAIN_TAU_MS = 10000

-- Jobs of a queue finished per second, over an exponential window of 10 s.
local function drain_count(site)
  local drain = site.state.drain[site.queue.name] or { sum = 0, at = site.now }
  drain.sum = drain.sum * math.exp(-math.max(0, site.now - drain.at) / DRAIN_TAU_MS) + 1
  drain.at = site.now
  site.state.drain[site.queue.name] = drain
end

local function drain_per_second(state, name, now)
  local drain = state.drain[name]
  if not drain then
    return 0
  end
  return drain.sum * math.exp(-math.max(0, now - drain.at) / DRAIN_TAU_MS) / (DRAIN_TAU_MS / 1000)
end

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
  local config, state = queue.config, site.state
  local share = throttled_share(state.ring, site.now)
  local was = queue.state.level == "closed" and queue.state.reason == "throttled"
  local throttled = share > config.throttledHigh or (was and share > config.throttledLow)
  if throttled and in_flight(site) == 0 and state.gate <= site.now then
    throttled = false
  end
  local paused = queue.state.pause
  if paused and paused.till <= site.now then
    queue.state.pause = nil
    paused = nil
  end
  return {
    operator = paused or (state.gate > site.now and state.why == "operator"),
    gate = state.gate - site.now > config.maxWait,
    throttled = throttled,
  }
end

-- Milliseconds until it is worth asking again: from what the queue really drains, never past the review.
local function level_retry_after(site, queue, depth)
  local config = queue.config
  local wait = 0
  if site.state.gate > site.now then
    wait = site.state.gate - site.now
  end
  local rest = queue.state.level == "closed" and (config.low + config.high) / 2 * config.capacity
    or config.capacity - 1
  local over = depth - rest
  if over > 0 then
    local rate = drain_per_second(site.state, queue.name, site.now)
    wait = math.max(wait, rate > 0 and over / rate * 1000 or REVIEW_MS)
  end
  return math.max(10, math.min(REVIEW_MS, math.ceil(wait)))
end

-- Brings a queue's level up to date; true when it changed.
local function level_review(site, queue, depth)
  if not queue.config then
    return false
  end
  local level, reason = next_level(queue.state.level, queue.config, depth, level_causes(site, queue))
  if level == queue.state.level and reason == queue.state.reason then
    return false
  end
  queue.state.level = level
  queue.state.reason = reason
  queue.state.version = queue.state.version + 1
  queue.state.since = site.now
  redis.call("PUBLISH", site.prefix .. ":@feed", cjson.encode({
    type = "level", queue = queue.name, level = level, reason = reason, depth = depth,
    version = queue.state.version, since = math.floor(site.now),
  }))
  save_queue(site.prefix, queue)
  return true
end

-- After something that touches every queue of the limiter: the gate, a throttled call, an operator.
local function level_review_all(site)
  for _, name in ipairs(site.config.queues) do
    local queue = name == site.queue.name and site.queue or load_queue(site.prefix, name)
    level_review(site, queue, depth_of(queue.base))
  end
end
