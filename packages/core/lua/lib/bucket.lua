-- Declared limits. In any half-open window of length `per`, granted cost <= amount:
-- before the first grant of a window the bucket holds at most `burst` and its slack, and less than `per` passes until the last,
-- so the sum is below burst + slack + refill * per = amount + 1, and costs are whole numbers. (With refill (amount - burst) / per, which
-- needs no whole numbers, "1 per second" would never refill and "2 per second" would run at half its rate.)
--
-- A cost is a list of numbers, one for each limit of the plan, in its order.
local WAITED_MOST_MS = 100

local function buckets_fill(plan, hot, now)
  -- Where a window holds the sum, nothing is lost while somebody waits: for another limit, or because he wakes late.
  local waited = plan.windowed == 1 and hot.asked > 0 and math.min(WAITED_MOST_MS, now - hot.asked) or 0
  local passed = now - hot.filled
  if passed < 0 then passed = 0 end
  for index, limit in ipairs(plan.limits) do
    local level = (hot.level[index] or limit.burst) + passed * limit.refill
    hot.level[index] = math.min(level, limit.burst + limit.slack + waited * limit.refill)
  end
  hot.filled = now
end

-- Milliseconds until `cost` fits, and which limit is the last to let it: 0 when it does. A cost above burst waits for a
-- full bucket and leaves a debt. `claim` is what another queue's job has laid its hand on: it stays in the bucket.
local function buckets_wait(plan, hot, cost, claim)
  local wait, which = 0, nil
  for index, limit in ipairs(plan.limits) do
    local need = cost[index]
    if need > 0 then
      if need > limit.burst then need = limit.burst end
      if claim then need = need + math.min(claim[index], limit.burst) end
      local lack = need - hot.level[index]
      -- Float noise is no lack, but a wait is never shortened by it.
      if lack > 1e-9 and lack / limit.refill > wait then
        wait, which = lack / limit.refill, index
      end
    end
  end
  return wait, which
end

local function buckets_take(plan, hot, cost)
  for index = 1, #plan.limits do
    hot.level[index] = hot.level[index] - cost[index]
  end
end

-- The real cost replaces the reserved one: what was too much comes back, what was too little becomes a debt.
local function buckets_settle(plan, hot, reserved, spent)
  for index, limit in ipairs(plan.limits) do
    hot.level[index] = math.min(limit.burst + limit.slack, hot.level[index] + reserved[index] - spent[index])
  end
end
