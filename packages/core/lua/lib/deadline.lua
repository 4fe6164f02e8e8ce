-- Below this much measured time a drain rate refuses nobody.
local MEASURED_LEAST_MS = 1000

-- Milliseconds by which a job that came now would miss its deadline, `left` from now, at the measured drain rate; nil when
-- it makes it, or when nobody can say. Ahead of it is what BullMQ takes before it: the list, and what is as urgent.
local function late_by(site, queue, left, priority)
  if left <= 0 then
    return 0
  end
  local wait = math.max(0, site.hot.gate - site.now)
  local rate = site.pulse.at - site.pulse.began >= MEASURED_LEAST_MS and draining(site, queue) or 0
  if rate > 0 then
    local ahead = redis.call("LLEN", site.base .. "wait")
    if priority > 0 then
      ahead = ahead + redis.call("ZCOUNT", site.base .. "prioritized", 0, string.format("(%.0f", (priority + 1) * 4294967296))
    end
    wait = wait + ahead / rate * 1000
  end
  return wait > left and wait - left or nil
end
