-- A cost above burst is granted from a full bucket and leaves a debt, so refill * per + cost might be granted within `per`.
-- Where such jobs exist, what was granted is also kept by slots of per / 100, and such a job waits until it fits whatever
-- window ends with it. The oldest slot counts whole: 1 % is the price of not keeping every grant.
local WINDOW_SLOTS = 100

local function window_of(site, index)
  local state = cold(site)
  state.windows = state.windows or {}
  local limit = site.plan.limits[index]
  local window = state.windows[index]
  if not window or window.per ~= limit.per then
    window = { per = limit.per, slots = {} }
    state.windows[index] = window
  end
  return window, limit.per / WINDOW_SLOTS
end

-- The slots that still count, oldest first, and their sum.
local function window_slots(window, width, now)
  local first = math.floor((now - window.per) / width)
  local kept, sum = {}, 0
  for _, slot in ipairs(window.slots) do
    if slot[1] >= first then
      kept[#kept + 1] = slot
      sum = sum + slot[2]
    end
  end
  window.slots = kept
  return kept, sum
end

-- Milliseconds until the last `per` holds `cost` beside what was granted in it.
local function window_wait(site, index, cost)
  local window, width = window_of(site, index)
  local slots, sum = window_slots(window, width, site.now)
  local amount, wait = site.plan.limits[index].amount, 0
  for _, slot in ipairs(slots) do
    if sum + cost <= amount then
      break
    end
    sum = sum - slot[2]
    wait = (slot[1] + 1) * width + window.per - site.now
  end
  return wait
end

-- A settlement is booked where its grant stands: in a slot of its own it would make room that never was.
local function window_settle(site, index, difference, granted_at)
  local window, width = window_of(site, index)
  for _, slot in ipairs(window_slots(window, width, site.now)) do
    if slot[1] == math.floor(granted_at / width) then
      slot[2] = slot[2] + difference
    end
  end
end

local function window_add(site, index, cost)
  local window, width = window_of(site, index)
  local current = math.floor(site.now / width)
  local slots = window_slots(window, width, site.now)
  local last = slots[#slots]
  if last and last[1] == current then
    last[2] = last[2] + cost
  else
    slots[#slots + 1] = { current, cost }
  end
end
