-- Declared limits. In any half-open window of length `per`, granted cost <= amount:
-- before the first grant of a window the bucket holds at most `burst`, and less than `per` passes until the last, so the
-- sum is below burst + refill * per = amount + 1, and costs are whole numbers. (With refill (amount - burst) / per, which
-- needs no whole numbers, "1 per second" would never refill and "2 per second" would run at half its rate.)
local function refill_of(limit)
  return (limit.amount - limit.burst + 1) / limit.per
end

local function bucket_of(state, limit, now)
  local bucket = state.buckets[limit.id]
  if not bucket then
    bucket = { level = limit.burst, at = now }
    state.buckets[limit.id] = bucket
  end
  if now > bucket.at then
    bucket.level = bucket.level + (now - bucket.at) * refill_of(limit)
    bucket.at = now
  end
  bucket.level = math.min(bucket.level, limit.burst)
  return bucket
end

-- Milliseconds until `cost` fits; 0 when it does. A cost above burst waits for a full bucket and leaves a debt.
-- `claimed` is what another queue's job has laid its hand on: it stays in the bucket.
local function bucket_wait(state, limit, cost, claimed, now)
  if cost <= 0 then
    return 0
  end
  local missing = math.min(cost, limit.burst) + math.min(claimed, limit.burst) - bucket_of(state, limit, now).level
  if missing <= 1e-9 then
    return 0
  end
  return missing / refill_of(limit)
end

local function buckets_take(config, state, cost, now)
  for _, limit in ipairs(config.limits) do
    local amount = cost[limit.unit] or 0
    if amount > 0 then
      local bucket = bucket_of(state, limit, now)
      bucket.level = bucket.level - amount
    end
  end
end

-- The real cost replaces the reserved one: what was too much comes back, what was too little becomes a debt.
local function buckets_settle(config, state, reserved, spent, now)
  for _, limit in ipairs(config.limits) do
    local before = reserved[limit.unit] or 0
    local actual = spent[limit.unit]
    if actual and actual ~= before then
      local bucket = bucket_of(state, limit, now)
      bucket.level = math.min(limit.burst, bucket.level + before - actual)
    end
  end
end
