-- What an API tells of one of its counters, and how many calls a second it allows. Pure: plain state in, plain state out.
--
-- The same three numbers (limit, remaining, reset) mean two things, and nothing on the wire says which:
--   window   the count starts anew at the reset; what remains is all that there is until then
--   bucket   it fills all the time, and the reset is when it would be full (OpenAI, Anthropic, Shopify)
-- They part by how the reset moves: a window's stands still until it is reached, however many calls go; a bucket's moves away with
-- every call. A counter that tells of no reset is a bucket when it is seen to fill.
--
-- A counter of another unit than requests (tokens, cost points) bounds the calls by what a call takes of it, which is measured.
local TOLD_MARGIN = 0.005      -- so far below what is told, at least
-- Between two permits and their calls' arrival: a window of a second stands 2 % less. Over real HTTP one of 100 was run into four times
-- a minute at 99.5/s, and each time cost its Retry-After.
local JITTER_MS = 20
local TRUSTED_RESET_MS = 2000  -- resets are told in whole seconds; shorter ones say little
local SAME_RESET_MS = 1600     -- two answers tell of the same reset, up to their rounding and their way
local SPREAD_MOST_MS = 120000  -- a longer window is spread evenly only when little of it remains
local SCARCE = 0.1             -- of its calls
-- Resets are told in whole seconds. Of seconds from now, the least that was seen is right; of a moment, it may be so much too late.
local ROUNDED_MS = 1000
local ROUND_MS, NEARLY = { 1000, 2000, 5000, 10000, 15000, 30000, 60000 }, 0.9
local SPREAD_LEAST_S = 0.5     -- so long before its end what remains of a window says no more about the pace
local OTHERS = 0.1             -- of the pace: what somebody else takes, or fewer calls than were counted
-- While it is not known which of both it is, what remains has to last for so long: until the next answers tell more.
local UNSURE_S, UNSURE_AGES = 2, 2
-- Of the pace: below the first a short window is spread (above it is the noise of its last moments); the second goes out however little
-- remains.
local SHORT_OF, SHORT_SHARE = 0.85, 0.25
local SETTLE_S = 2             -- in so long what a bucket lacks of its reserve is made up
local RESERVE_CALLS = 4        -- left in a bucket, against jitter
local LEAST_SHARE = 0.05       -- of what a bucket refills goes out whatever it says: without answers nothing more is heard
local STILL_MS = 5000          -- a counter that has not moved in so long counts nothing
local RISES = 0.1              -- of the calls between two answers: so much of them has come back at least
local ROSE = 0.1               -- of a window's calls: by so much its count rises at once only where the next one begins
local GUESS_CALLS = 4          -- costs differ: fewer calls say too little about the next ones
local SAMPLE_MS, SAMPLE_CALLS, NEWER = 1000, 3, 0.3

local function counter_new()
  return { longest = 0, gap = math.huge, reset = 0, since = 0, low = 0, pace = math.huge, rounded = ROUNDED_MS, others = 0, asked = 0 }
end

-- Window or bucket? `heard`: unit, limit, remaining, reset and window as they were told (ms; -1: not said); now; at and age: when the call
-- was sent, and how long ago that is (ms); calls: granted up to it; after: granted since.
local function counter_tell_apart(counter, heard)
  local now, reset = heard.now, heard.now + heard.reset
  local same = SAME_RESET_MS + heard.age
  if counter.reset > 0 and math.abs(reset - counter.reset) <= same then
    counter.ends = math.min(counter.ends, reset)
    if reset - counter.ends > 0.75 * ROUNDED_MS then counter.rounded = 0 end
    local still = now - counter.since
    if still > 2 * same and heard.remaining > counter.low then
      counter.kind = "bucket"
    elseif still > 2 * same and (heard.remaining < counter.low or (counter.fill or 0) * still > 2000) then
      -- A bucket would have filled by two meanwhile.
      counter.kind = "window"
    end
  else
    if counter.reset > now + same and reset > counter.reset then
      counter.kind = "bucket"
    elseif counter.reset > 0 and counter.reset <= now + same and heard.reset > TRUSTED_RESET_MS and counter.kind ~= "bucket" then
      -- The next window of the same counter: what lies between is its length, and resets of whole seconds say up to one more.
      local gap = reset - counter.ends
      if gap < counter.longest and gap > NEARLY * counter.longest then counter.gap = math.min(counter.gap, gap) end
      counter.longest = math.max(counter.longest, gap)
    end
    counter.reset, counter.since, counter.low, counter.pace = reset, now, heard.remaining, math.huge
    counter.ends = reset
    if counter.kind == "window" then counter.sample = nil end
  end
  counter.longest = math.max(counter.longest, heard.reset)
end

-- How long the windows of a counter are that does not say so (ms): at least as long as the longest reset seen, and a round time where it
-- is nearly one.
local function counter_window(counter)
  local longest = math.min(counter.longest, counter.gap)
  for _, round in ipairs(ROUND_MS) do
    if longest <= round and longest > NEARLY * round then
      return round
    end
  end
  return longest
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
  if math.abs(calls) >= GUESS_CALLS then
    local used = sample.remaining - heard.remaining + (counter.fill or 0) * (heard.at - sample.at) / 1000
    counter.guess = newer(counter.guess, math.max(0, used / calls))
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
    counter_moves(counter, heard)
    if heard.unit == "requests" then
      -- A window's count rises once, at its end; a bucket's always does.
      local back = (calls - gone) / seconds
      local rises = counter.moved and calls - gone > 1 + RISES * calls
      counter.fill = rises and (counter.kind and newer(counter.fill, back) or math.min(counter.fill or back, back)) or nil
      counter.kind = rises and counter.rises and "bucket" or nil
      counter.rises, counter.cost = rises, 1
    end
  elseif counter.kind then
    local used = gone + (counter.kind == "bucket" and (counter.fill or 0) * seconds or 0)
    if heard.unit == "requests" then counter.others = newer(counter.others, math.max(0, used - calls) / seconds) end
    local known = counter.cost or counter.kind == "bucket" and counter.guess or nil
    counter.cost = newer(known, math.max(heard.unit == "requests" and 1 or 0, used / calls))
  end
end

-- A bucket is kept just above empty: there every unit that it refills is taken, and none is refused.
local function bucket_pace(counter, heard, cost, bound)
  local refill = math.min(bound, counter.fill)
  local reserve = math.max(RESERVE_CALLS * cost, TOLD_MARGIN * heard.limit)
  local left = heard.remaining + refill * heard.age / 1000 - cost * heard.after
  local spare = math.min(left, heard.limit) - reserve
  -- What it holds above that is taken in the time in which it fills: at most twice the refill.
  local rate = refill + spare / (spare > 0 and heard.limit / refill or SETTLE_S)
  return math.max(LEAST_SHARE * refill, rate)
end

-- A window that is named, and whose end is not told, begins when its count rises (Kong).
local function counter_end(counter, heard)
  local lowest = math.min(counter.lowest or heard.remaining, heard.remaining)
  if heard.remaining > lowest + ROSE * heard.limit then
    -- It is seen a little late; windows are as long as each other, so the earliest that was seen counts.
    local known = counter.began and counter.began + math.floor((heard.at - counter.began) / heard.window + 0.5) * heard.window
    counter.began, lowest = math.min(heard.at, known or heard.at), heard.remaining
  end
  counter.lowest = lowest
  if counter.began and counter.began + heard.window > heard.now then
    heard.reset = counter.began + heard.window - heard.now
  end
end

local function counter_learn(counter, heard)
  counter.asked = heard.at
  if heard.remaining < 0 then
    return
  end
  if heard.reset < 0 and heard.window > 0 then
    counter_end(counter, heard)
  end
  if heard.reset > 0 then
    counter_tell_apart(counter, heard)
  end
  if heard.reset > TRUSTED_RESET_MS and heard.remaining < heard.limit then
    counter.fill = newer(counter.fill, (heard.limit - heard.remaining) * 1000 / heard.reset)
  end
  counter_measure(counter, heard)
end

-- What remains of a window is spread over the time until its end, less what somebody else takes who calls this API too.
local function window_pace(counter, left, bound, now)
  local seconds = (counter.ends - now - counter.rounded) / 1000
  if seconds > SPREAD_LEAST_S then
    if left <= 0 then
      return bound, counter.reset
    end
    local spread = left / seconds
    counter.pace = counter.others > OTHERS * bound and math.max(spread - counter.others, spread / 2) or spread
  end
  return math.min(bound, counter.pace), 0
end

-- Units per second that a counter allows now, and until when it allows none (0: it does). `bound`: what its window lets through.
local function counter_pace(counter, heard, cost, bound, window)
  if heard.remaining < 0 then
    return window > SPREAD_MOST_MS and math.huge or bound, 0
  elseif counter.kind == "bucket" and counter.fill then
    return bucket_pace(counter, heard, cost, bound), 0
  end
  local left = heard.remaining - cost * heard.after - counter.others * heard.age / 1000
  if window > SPREAD_MOST_MS and left > SCARCE * heard.limit then
    -- An hour's or a day's calls are there to be used when they are needed.
    return math.huge, 0
  elseif counter.kind == "window" then
    return window_pace(counter, left, bound, heard.now)
  end
  -- Answers teach what a call takes: a few go out whatever the first one says.
  local least = counter.guess and 1 or GUESS_CALLS / math.max(1, heard.age / 1000)
  local lasting = math.max(least * cost, left / math.max(UNSURE_S, UNSURE_AGES * heard.age / 1000))
  if heard.unit ~= "requests" then
    -- Its cost is a guess: no rate comes of it.
    return lasting, 0
  end
  local untold = heard.reset < 0 and (window <= 0 or window > TRUSTED_RESET_MS)
  if heard.reset > TRUSTED_RESET_MS or untold and counter_moves(counter, heard) then
    return math.min(bound, lasting), 0
  elseif heard.reset > 0 and heard.reset % 1000 > 0 then
    -- A short window, told to the millisecond: late calls of the one before may be in its count.
    local spread = math.max(SHORT_SHARE * bound, left * 1000 / heard.reset)
    return spread < SHORT_OF * bound and spread or bound, 0
  end
  return bound, 0
end

-- What a call takes of it. Of a bucket of requests more than one where somebody else calls this API too.
local function counter_cost(counter, unit)
  local requests = unit == "requests"
  if requests and counter.kind ~= "bucket" then
    return 1
  end
  return counter.cost or requests and 1 or counter.guess or counter.most or 0
end

-- Calls per second that a counter allows now, and until when it allows none (0: it does).
local function counter_rate(counter, heard)
  if heard.remaining >= 0 and not counter.kind and heard.unit ~= "requests" then
    counter_guess(counter, heard)
  end
  if heard.at < counter.asked then
    -- Overtaken by a newer one.
    return counter.told or math.huge, 0
  end
  counter_learn(counter, heard)
  local cost = counter_cost(counter, heard.unit)
  if cost <= 0 then
    return math.huge, 0
  end
  local window, limit = heard.window > 0 and heard.window or counter_window(counter), heard.limit
  local bound = window > 0 and (1 - TOLD_MARGIN - JITTER_MS / (window + JITTER_MS)) * limit * 1000 / window or math.huge
  local pace, till = counter_pace(counter, heard, cost, bound, window)
  return pace / cost, till
end
