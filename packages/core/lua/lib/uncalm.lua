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
  local seconds = {}
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
      seconds[#seconds + 1] = { second, count }
      if second == hot.second then
        hot.secondOk = hot.secondOk + count
      elseif second > hot.second - RING_SECONDS and second < hot.second then
        local slot = second % RING_SECONDS + 1
        local ring = cold(site).ring
        ring.ok[slot] = ring.ok[slot] + count
      end
    end
  end
  table.sort(seconds, function(a, b) return a[1] < b[1] end)
  for _, passed in ipairs(seconds) do
    -- In the middle of its second; the running one has not come that far.
    drain_count(site.pulse, math.min(site.now, passed[1] * 1000 + 500), passed[2])
  end
  redis.call("DEL", key)
end
