-- Milliseconds on Redis' own clock (I8), or the time that a test or the simulator injects.
local function clock(given)
  if given and given ~= "" then
    return tonumber(given)
  end
  local time = redis.call("TIME")
  return tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end
