--- @include "site"
--- @include "bucket"
--- @include "law"
-- What happens only when something waits, is throttled, closes or is asked for. Its functions are made when the first of
-- them is needed: making them costs 12 us, a fifth of what BullMQ's moveToFinished takes.
local slow_code
local function slow()
  if slow_code then
    return slow_code
  end
--- @include "cold"
--- @include "wake"
--- @include "gate"
--- @include "ring"
--- @include "drain"
--- @include "uncalm"
--- @include "memory"
--- @include "level"
--- @include "deadline"
--- @include "window"
--- @include "learn"
--- @include "fair"
--- @include "hear"
--- @include "hinted"
--- @include "quota"
  slow_code = {
    hinted = hinted, quota_spent = quota_spent, quota_resumed = quota_resumed,
    cold = cold, each_name = each_name, depth_of = depth_of, has_waiting = has_waiting, load_queue = load_queue,
    save_queue = save_queue, wake = wake, gate_shut = gate_shut, gate_tidy = gate_tidy, gate_unmirror = gate_unmirror,
    ring_turn = ring_turn, uncalm = uncalm, ring_sums = ring_sums, accepted_per_second = accepted_per_second,
    throttled_share = throttled_share, level_review = level_review, level_review_all = level_review_all,
    level_retry_after = level_retry_after, level_ask_after = level_ask_after, level_review_at = level_review_at,
    late_by = late_by, memory_high = memory_high, drain_per_second = drain_per_second,
    law_begin = law_begin, flushed = flushed, shared_wait = shared_wait,
    serve = serve, window_add = window_add, hear = hear, accepted_while_shut = accepted_while_shut, settled = settled, reopen = reopen,
    cost_list = cost_list,
  }
  return slow_code
end
