-- Workers sleep on BullMQ's marker. Whoever ends a wait puts the marker on every queue that has something to run.
-- What everybody waited for may have changed, so nobody keeps the time any longer: the first to ask does.
local function wake(site)
  site.hot.keeper = 0
  for name in each_name(site) do
    local base = site.prefix .. ":" .. name .. ":"
    if has_waiting(base) then
      redis.call("ZADD", base .. "marker", 0, "0")
    end
  end
end
