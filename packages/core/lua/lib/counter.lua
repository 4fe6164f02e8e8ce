-- What an API tells of one of its counters, and how many calls a second it allows. Pure: plain state in, plain state out.
--
-- The same three numbers (limit, remaining, reset) mean two things, and nothing on the wire says which:
--   window   the count starts anew at the reset; what remains is all that there is until then
--   bucket   it fills all the time, and the reset is when it would be full (OpenAI, Anthropic, Shopify)
-- They part by how the reset moves: a window's stands still until it is reached, however many calls go; a bucket's moves away with
-- every call. A counter that tells of no reset is a bucket when it is seen to fill.
--
-- A counter of another unit than requests (tokens, cost points) bounds the calls by what a call takes of it, which is measured.
local TOLD_MARGIN, SMALL_MARGIN, JITTER_CALLS = 0.005, 0.02, 1.5
local TRUSTED_RESET_MS = 2000  -- resets are told in whole seconds; shorter ones say little
local SAME_RESET_MS = 1600     -- two answers tell of the same reset, up to their rounding and their way
local SPREAD_MOST_MS = 120000  -- a longer window is spread evenly only when little of it remains
local SCARCE = 0.1             -- of its calls
local SPREAD_LEAST_S = 0.5     -- so long before its end what remains of a window says no more about the pace
local OTHERS = 0.1             -- of the pace: what somebody else takes, or fewer calls than were counted
local UNSURE_S = 2             -- while it is not known which of both it is, what remains has to last for so long
local SETTLE_S = 2             -- in so long what a bucket lacks of its reserve is made up
local RESERVE_CALLS = 4        -- left in a bucket, against jitter
local LEAST_SHARE = 0.05       -- of what a bucket refills goes out whatever it says: without answers nothing more is heard
local STILL_MS = 5000          -- a counter that has not moved in so long counts nothing
local RISES = 0.1              -- of the calls between two answers: so much of them has come back at least
local SAMPLE_MS, SAMPLE_CALLS, NEWER = 1000, 3, 0.3

local function counter_new()
  return { window = 0, reset = 0, since = 0, low = 0, pace = math.huge, others = 0, asked = 0 }
end

-- Windows or bucket? `heard`: now, age (ms since the call was sent), limit, remaining, reset, window (ms, -1: not said).
local function counter_tell_apart(counter, heard)
  local now, reset = heard.now, heard.now + heard.reset
  local same = SAME_RESET_MS + heard.age
  if counter.reset > 0 and math.abs(reset - counter.reset) <= same then
    counter.ends = math.min(counter.ends, reset)
    if now - counter.since > 2 * same and heard.remaining ~= counter.low then
      counter.kind = heard.remaining < counter.low and "window" or "bucket"
    end
  else
    if counter.reset > now + same and reset > counter.reset then
      counter.kind = "bucket"
    elseif counter.reset > 0 and counter.reset <= now + same and heard.reset > TRUSTED_RESET_MS and counter.kind ~= "bucket" then
      -- The next window of the same counter: what lies between is its length.
      counter.window = math.max(counter.window, reset - counter.reset)
    end
    counter.reset, counter.since, counter.low, counter.pace = reset, now, heard.remaining, math.huge
    counter.ends = reset
    if counter.kind == "window" then counter.sample = nil end
  end
  counter.window = math.max(counter.window, heard.reset)
end

-- A number that never changes, as some servers send one, is no counter.
local function counter_moves(counter, heard)
  counter.first = counter.first or { at = heard.at, remaining = heard.remaining }
  counter.moved = counter.moved or heard.remaining ~= counter.first.remaining
  return counter.moved or heard.at - counter.first.at < STILL_MS
end

local function newer(known, measured)
  return known and known + NEWER * (measured - known) or measured
end

-- What a call takes of a counter, before it is known which of both it is: from any two answers, in either order, with what a bucket
-- would have refilled meanwhile. Before there are two: at most all that is gone.
local function counter_guess(counter, heard)
  local sample = counter.sample
  if not sample then
    counter.sample = { at = heard.at, calls = heard.calls, remaining = heard.remaining }
    counter.most = (heard.limit - heard.remaining) / math.max(1, heard.calls)
    return
  end
  local calls = heard.calls - sample.calls
  if calls ~= 0 then
    local used = sample.remaining - heard.remaining + (counter.fill or 0) * (heard.at - sample.at) / 1000
    if used / calls > 0 then counter.cost = newer(counter.cost, used / calls) end
  end
end

-- What a bucket refills (units/s), and what a call takes of a counter, from two answers and the calls between them.
local function counter_measure(counter, heard)
  local sample = counter.sample
  local calls, seconds = sample and heard.calls - sample.calls or 0, sample and (heard.at - sample.at) / 1000 or 0
  if sample and (calls < SAMPLE_CALLS or seconds * 1000 < SAMPLE_MS) then
    return
  end
  counter.sample = { at = heard.at, calls = heard.calls, remaining = heard.remaining }
  if not sample or heard.remaining >= heard.limit or sample.remaining >= heard.limit then
    return
  end
  local gone = sample.remaining - heard.remaining
  if heard.reset < 0 and heard.window < 0 then
    if heard.unit == "requests" then
      -- A window's count rises once, at its end; a bucket's always does.
      local back = (calls - gone) / seconds
      local rises = calls - gone > 1 + RISES * calls
      counter.fill = rises and (counter.kind and newer(counter.fill, back) or math.min(counter.fill or back, back)) or nil
      counter.kind = rises and counter.rises and "bucket" or nil
      counter.rises, counter.cost = rises, 1
    end
  elseif counter.kind then
    local used = gone + (counter.kind == "bucket" and (counter.fill or 0) * seconds or 0)
    if heard.unit == "requests" then counter.others = newer(counter.others, math.max(0, used - calls) / seconds) end
    counter.cost = newer(counter.cost, math.max(heard.unit == "requests" and 1 or 0, used / calls))
  end
end

-- A bucket is kept just above empty: there every unit that it refills is taken, and none is refused.
local function bucket_rate(counter, heard, bound)
  local refill, cost = math.min(bound, counter.fill), counter.cost
  local reserve = math.max(RESERVE_CALLS * cost, TOLD_MARGIN * heard.limit)
  local left = heard.remaining + refill * heard.age / 1000 - cost * heard.after
  local spare = math.min(left, heard.limit) - reserve
  -- What it holds above that is taken in the time in which it fills: at most twice the refill.
  local rate = refill + spare / (spare > 0 and heard.limit / refill or SETTLE_S)
  return math.max(LEAST_SHARE * refill, rate) / cost
end

-- Calls per second that a counter allows now, and until when it allows none (0: it does).
local function counter_rate(counter, heard)
  local limit, reset = heard.limit, heard.reset
  if heard.remaining >= 0 and not counter.kind and heard.unit ~= "requests" then
    counter_guess(counter, heard)
  end
  if heard.at < counter.asked then
    -- Overtaken by a newer one.
    return counter.told or math.huge, 0
  end
  counter.asked = heard.at
  if reset > 0 and heard.remaining >= 0 then
    counter_tell_apart(counter, heard)
  end
  if heard.remaining >= 0 then
    if reset > TRUSTED_RESET_MS and heard.remaining < limit then
      counter.fill = newer(counter.fill, (limit - heard.remaining) * 1000 / reset)
    end
    counter_measure(counter, heard)
  end
  local cost = heard.unit == "requests" and 1 or counter.cost or counter.most
  local window = heard.window > 0 and heard.window or counter.window
  local bound = math.huge
  if window > 0 then
    bound = (limit - math.max(TOLD_MARGIN * limit, math.min(JITTER_CALLS, SMALL_MARGIN * limit))) * 1000 / window
  end
  if not cost or heard.remaining < 0 then
    return cost and bound / cost or math.huge, 0
  end
  if counter.kind == "bucket" and counter.fill and counter.cost and counter.fill > 0 then
    return bucket_rate(counter, heard, bound), 0
  end
  local left = heard.remaining - cost * heard.after - counter.others * heard.age / 1000
  if window > SPREAD_MOST_MS and left > SCARCE * limit then
    -- An hour's or a day's calls are there to be used when they are needed.
    return math.huge, 0
  end
  if not counter.kind and (reset > TRUSTED_RESET_MS or window <= 0 and counter_moves(counter, heard)) then
    return math.min(bound / cost, math.max(left / UNSURE_S / cost, 1)), 0
  end
  local seconds = counter.kind == "window" and (counter.ends - heard.now) / 1000 or 0
  if seconds > SPREAD_LEAST_S then
    if left <= 0 then
      return bound / cost, counter.reset
    end
    -- What remains is spread over the time until the reset, less what somebody else takes who calls this API too.
    local spread = left / seconds
    counter.pace = counter.others > OTHERS * bound and math.max(spread - counter.others, spread / 2) or spread
  end
  return math.min(bound, counter.pace) / cost, 0
end
