--- @include "permit"
--- @include "level"
-- How a permit ends: `ok`, `throttled`, `failed` or `released`, exactly one of them.

local PAUSE_LEAST_MS = 100
local PAUSE_MOST_MS = 30000

-- The next pause after a probe that was throttled: half as long again each time, for an API that says nothing.
local function next_pause(law)
  law.pause = math.min(PAUSE_MOST_MS, math.max(PAUSE_LEAST_MS, (law.pause or 0) * 1.5))
  return law.pause
end

-- What a throttled call says is taken in whatever becomes of its job: a worker that lost its lock still heard the API.
local function hear(site, permit, retry_after)
  local state, now = site.state, site.now
  local law = law_init(state.law, site.config, now)
  local recently = ring_sums(state.ring, 3, now) / 3
  ring_count(state.ring, "throttled", now)
  local till = law_throttled(law, site.config, permit, recently, now)
  if permit.probe then
    till = math.max(till, now + next_pause(law))
    state.probe = nil
  end
  if retry_after > 0 then
    till = math.max(till, now + retry_after)
  end
  if permit.probe or retry_after > 0 then
    state.half = 1
  end
  if till > now then
    gate_shut(site, till, "throttled")
  end
  level_review_all(site)
end

local function reopen(site)
  site.state.half = 0
  site.state.probe = nil
  law_opened(law_init(site.state.law, site.config, site.now), site.now)
  wake(site)
end

-- `spent` is what the job says it really cost, by unit, or nil.
local function settle(site, permit, outcome, spent)
  local state = site.state
  if not permit then
    return
  end
  local reserved = permit.reserved or (site.queue.config and site.queue.config.cost) or { requests = 1 }
  state[outcome] = state[outcome] + 1
  if outcome == "ok" then
    ring_count(state.ring, "ok", site.now)
    state.law.accepted = (state.law.accepted or 0) + 1
    if permit.probe then
      reopen(site)
    end
  elseif permit.probe and outcome ~= "throttled" then
    state.probe = nil
    wake(site)
  end
  if outcome == "released" then
    spent = {}
    for unit in pairs(reserved) do spent[unit] = 0 end
  end
  if spent then
    buckets_settle(site.config, state, reserved, spent, site.now)
  end
end
