-- Takes over what was counted on the short way (calm.lua): totals, and the last seconds of the ring.
local function uncalm(site)
  local key, hot = site.prefix .. ":@calm", site.hot
  local counted = redis.call("HGETALL", key)
  if #counted == 0 then
    return
  end
  ring_turn(site)
  for index = 1, #counted, 2 do
    local second, count = tonumber(counted[index]), tonumber(counted[index + 1])
    hot.granted = hot.granted + count
    hot.ok = hot.ok + count
    if second == hot.second then
      hot.secondOk = hot.secondOk + count
    elseif second and second > hot.second - RING_SECONDS and second < hot.second then
      local slot = second % RING_SECONDS + 1
      local ring = cold(site).ring
      ring.ok[slot] = ring.ok[slot] + count
    end
  end
  redis.call("DEL", key)
end
