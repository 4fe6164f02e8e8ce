-- A job's own log, which Bull Board shows: one line of ours, written anew as long as nothing else was logged behind it. So a job
-- that is put back a thousand times has one.
local OURS = "headgate: "

local function journal(job_key, text)
  local key = job_key .. ":logs"
  local last = redis.call("LINDEX", key, -1)
  if last and string.sub(last, 1, #OURS) == OURS then
    redis.call("LSET", key, -1, OURS .. text)
  else
    redis.call("RPUSH", key, OURS .. text)
  end
end
