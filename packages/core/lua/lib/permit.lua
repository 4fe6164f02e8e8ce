--- @include "site"
--- @include "bucket"
--- @include "law"
--- @include "gate"
-- The permit: may a job of this queue, at this cost, run against the API now?

-- A half-open gate lets one probe out; without an answer by then the next permit is the probe.
local PROBE_MS = 10000
-- How long a queue has to take the turn that was passed to it, and for how long it is passed over when it did not.
local TURN_MS = 100
local ABSENT_MS = 3000
local CLAIM_MS = 1000

local function probe_wait(site)
  local state = site.state
  if state.half == 1 and state.probe and state.probe.till > site.now then
    return state.probe.till - site.now
  end
  return 0
end

local function concurrency_full(site)
  return site.config.concurrency and in_flight(site) >= site.config.concurrency
end

-- Fair between queues: the one with the least served units, of those that have jobs waiting, is next. Only while
-- permits are scarce; a queue without a living worker loses its turn after 100 ms.
local function turn_of(site)
  local state, mine = site.state, site.queue.name
  if #site.config.queues < 2 or (state.scarce or 0) < site.now then
    return nil
  end
  local served = state.served[mine] or 0
  local other, least
  for _, name in ipairs(site.config.queues) do
    if name ~= mine and (state.absent[name] or 0) < site.now then
      local theirs = state.served[name] or 0
      if theirs < served and (not least or theirs < least) and has_waiting(site.prefix .. ":" .. name .. ":") then
        other, least = name, theirs
      end
    end
  end
  if not other then
    return nil
  end
  local turn = state.turn
  if turn and turn.name == other and turn.till < site.now then
    state.absent[other] = site.now + ABSENT_MS
    state.turn = nil
    return nil
  end
  if not turn or turn.name ~= other then
    state.turn = { name = other, till = site.now + TURN_MS }
  end
  return other
end

-- The first queue that is refused for cost lays its hand on the bucket; the others get only what exceeds that.
local function foreign_claim(site)
  local claim = site.state.claim
  if claim and claim.name ~= site.queue.name and claim.till >= site.now then
    return claim.cost
  end
  return nil
end

-- Milliseconds until a permit can be had, and why; nil milliseconds: until somebody says so.
local function permit_wait(site, cost)
  local state, config, now = site.state, site.config, site.now
  if state.gate > now then
    return state.gate - now, "gate"
  end
  law_init(state.law, config, now)
  law_flushed(state.law, now)
  local probing = probe_wait(site)
  if probing > 0 then
    return probing, "probe"
  end
  if concurrency_full(site) then
    return nil, "concurrency"
  end
  local law = state.law
  local wait, cause = law_wait(law, config, law.phase == "ramp" and in_flight(site) or 0, now), "rate"
  local claim = foreign_claim(site)
  for _, limit in ipairs(config.limits) do
    local missing = bucket_wait(state, limit, cost[limit.unit] or 0, claim and claim[limit.unit] or 0, now)
    if missing > 0 and missing >= wait then
      wait, cause = missing, limit.id
    end
  end
  if wait > 0 then
    if cause ~= "rate" and #config.queues > 1 and not claim then
      state.claim = { name = site.queue.name, cost = cost, till = now + wait + CLAIM_MS }
    end
    state.scarce = now + 1000
    return wait, cause
  end
  local other = turn_of(site)
  if other then
    redis.call("ZADD", site.prefix .. ":" .. other .. ":marker", 0, "0")
    return nil, "turn"
  end
  return 0
end

-- The largest share of a limit that the cost takes: what makes costs of 1 and of 4,000 comparable.
local function weight_of(config, cost)
  local weight = 0
  for _, limit in ipairs(config.limits) do
    weight = math.max(weight, (cost[limit.unit] or 0) / limit.amount)
  end
  return weight > 0 and weight or 1
end

local function least_served(site)
  local least
  for _, name in ipairs(site.config.queues) do
    local served = site.state.served[name]
    if served and name ~= site.queue.name and (not least or served < least) then
      least = served
    end
  end
  return least
end

-- Takes the permit. The answer travels with the job and comes back with its outcome, so nothing about it is stored:
-- "<granted>|<at>|<rate>|<probe>|<reserved cost, where jobs differ>".
local function permit_take(site, cost, carried)
  local state, config, now = site.state, site.config, site.now
  buckets_take(config, state, cost, now)
  law_grant(state.law, config, now)
  local rate = law_rate(state.law, config)
  local probe = 0
  if state.half == 1 then
    probe = 1
    state.probe = { till = now + PROBE_MS }
  end
  if #config.queues > 1 then
    local mine = state.served[site.queue.name] or 0
    -- A queue that was idle does not come back with credit for the time in which it asked for nothing.
    local floor = (least_served(site) or mine) - 1
    state.served[site.queue.name] = math.max(mine, floor) + weight_of(config, cost)
    if state.claim and state.claim.name == site.queue.name then state.claim = nil end
    if state.turn and state.turn.name == site.queue.name then state.turn = nil end
    state.absent[site.queue.name] = nil
  end
  state.granted = state.granted + 1
  return string.format("%d|%.3f|%.6g|%d|%s", state.law.granted, now, rate == math.huge and 0 or rate, probe, carried)
end

local function permit_parse(text)
  local granted, at, rate, probe, reserved = string.match(text or "", "^(%d+)|([%d.]+)|([%d.e+-]+)|(%d)|(.*)$")
  if not granted then
    return nil
  end
  return {
    granted = tonumber(granted), at = tonumber(at), rate = tonumber(rate), probe = probe == "1",
    reserved = reserved ~= "" and cjson.decode(reserved) or nil,
  }
end
