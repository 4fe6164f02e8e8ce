-- The short way through moveToFinished, in front of everything else: most queues are calm most of the time (site.lua says
-- when), and then BullMQ's own body, which also takes the next job, is all there is to do. Accepted calls are counted by
-- the second, for the day on which the API says no. Without this way a no-op job cost Redis 84 us instead of 49.
if ARGV[6] == "1" and ARGV[10] == "1" then
  local prefix, name = string.match(ARGV[7], "^(.*):([^:]+):$")
  local fast = redis.call("HGET", prefix .. ":@limiter", "fast:" .. name)
  local calm = fast and #fast == 16 and struct.unpack("<d", fast, 9) or 0
  if calm > 0 then
    local reply = moveToFinished(KEYS, ARGV)
    if type(reply) == "table" then
      local time = redis.call("TIME")
      if redis.call("HINCRBY", prefix .. ":@calm", time[1], 1) == 1 then
        for _, second in ipairs(redis.call("HKEYS", prefix .. ":@calm")) do
          -- Beside the seconds: before, ends, grantless.
          local at = tonumber(second)
          if at and at < tonumber(time[1]) - 10 then
            redis.call("HINCRBY", prefix .. ":@calm", "before", redis.call("HGET", prefix .. ":@calm", second))
            redis.call("HDEL", prefix .. ":@calm", second)
          end
        end
      end
      if type(reply[1]) == "table" then
        -- The job that came along is a grant; the outcome that was counted is the other job's.
        reply[5] = string.format("0,%.0f,%d%06d,0,0", calm, time[1], time[2])
        return reply
      end
      redis.call("HINCRBY", prefix .. ":@calm", "grantless", 1)
      if reply[3] == 0 then
        return reply
      end
      -- A rate limit that the user set in BullMQ: block instead of parking the worker's loop.
      return { 0, 0, 0, tonumber(ARGV[2]) + reply[3] }
    elseif reply == 0 then
      redis.call("HINCRBY", prefix .. ":@calm", "ends", 1)
      return 0
    end
  end
end
