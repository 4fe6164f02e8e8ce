-- Takes over what was counted on the short way (calm.lua): totals, and the last seconds of the ring.
local function uncalm(site)
  local key, hot = site.prefix .. ":@calm", site.hot
  local counted = redis.call("HGETALL", key)
  if #counted == 0 then
    hot.calm = 0
    return
  end
  ring_turn(site)
  hot.calm = 0
  for index = 1, #counted, 2 do
    local field, count = counted[index], tonumber(counted[index + 1])
    local second = tonumber(field)
    if field == "ends" then
      hot.ok = hot.ok + count
    elseif field == "grantless" then
      hot.granted = hot.granted - count
    else
      hot.granted = hot.granted + count
      hot.ok = hot.ok + count
    end
    if second then
      site.pulse.sum = drain_per_second(site.pulse, site.now) * DRAIN_TAU_MS / 1000
        + count * math.exp(-math.max(0, site.now - second * 1000) / DRAIN_TAU_MS)
      site.pulse.at = site.now
      if second == hot.second then
        hot.secondOk = hot.secondOk + count
      elseif second > hot.second - RING_SECONDS and second < hot.second then
        local slot = second % RING_SECONDS + 1
        local ring = cold(site).ring
        ring.ok[slot] = ring.ok[slot] + count
      end
    end
  end
  redis.call("DEL", key)
end
