-- What an answer says of the API's own counters: `list` holds { unit, limit, remaining, resetMs, windowMs } of each, whole
-- numbers, -1 where it was not said (src/bullmq/ending.ts). Heard before the job is moved and before the next one is fetched;
-- after `hear` where the call was throttled.
local function hinted(site, permit, list)
end
