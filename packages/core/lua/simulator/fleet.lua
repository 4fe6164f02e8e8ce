--- @keys 1
--[[
  A stretch of a simulated fleet's life, in virtual time: the fetching and finishing of the very scripts that run in
  production, with lists of a handful of ids in place of BullMQ's bodies. Nothing of the law is here.

  The fleet is one worker with many slots, which is what the limiter sees of it: one timekeeper, and finishes that ask
  for the next job (I10). What happens between two calls of this script cannot depend on answers that are not known yet,
  because no answer comes sooner than the stretch is long.

  KEYS[1]  <prefix>:<queue>:, the base of the queue's keys
  ARGV[1]  JSON: from, till (ms), seed, free (slots), askAt (ms, negative: asks nothing), backlog (jobs, negative: endless),
           lag (ms from a reply to the next ask), late (most ms that a timer is late), costs (JSON of each class of jobs)
  ARGV[2]  JSON: answers that arrive, in order: { at, class, permit, outcome, retryAfterMs, spent or false, told or 0 }
  ARGV[3]  JSON: when jobs arrive (ms), in order
  Reply    { free, askAt (us), backlog, { at (us), class, permit } of each job that was fetched,
             { at (us), rate (thousandths per second, -1: unpaced), phase, gate (us) } at the end }
]]
local base = KEYS[1]
local life, answers, arrivals = cjson.decode(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local free, ask_at, backlog = life.free, life.askAt, life.backlog
if ask_at < 0 then ask_at = math.huge end
math.randomseed(life.seed)

-- What waits is one id at a time: the class of the next job's cost.
local function line_up()
  redis.call("DEL", base .. "wait")
  if backlog ~= 0 then
    redis.call("LPUSH", base .. "wait", math.random(#life.costs))
  end
end

-- In place of BullMQ's bodies.
local function moveToActive(keys)
  local id = redis.call("LINDEX", base .. "wait", -1)
  -- Called with another meta it only promotes what is due: lib/waiting.lua.
  if keys[9] ~= base .. "meta" or not id then
    return { 0, 0, 0, 0 }
  end
  redis.call("LPUSH", base .. "active", id)
  if backlog > 0 then backlog = backlog - 1 end
  if #life.costs > 1 or backlog == 0 then line_up() end
  return { {}, id, 0, 0 }
end
--- @include "finish"

local site = site_of(base, life.from)
if redis.call("EXISTS", base .. "1") == 0 then
  for class, cost in ipairs(life.costs) do redis.call("HSET", base .. class, "hg:cost", cost) end
end
if backlog ~= 0 and redis.call("LLEN", base .. "wait") == 0 then line_up() end

local fetched = {}
local function who(now)
  return { worker = 1, free = free, host_now = now }
end

-- What a worker does with a reply: BullMQ's loop, and waitForJob in src/bullmq/worker-backend.ts.
local function follow(reply, now)
  if type(reply) ~= "table" then
    ask_at = math.huge
  elseif type(reply[1]) == "table" then
    fetched[#fetched + 1] = { math.floor(now * 1000), tonumber(reply[2]), reply[5] }
    free = free - 1
    ask_at = now + life.lag
  elseif reply[3] > 0 then
    ask_at = now + reply[3] + math.random() * life.late
  elseif tonumber(reply[4]) > 0 then
    -- Redis ends a block up to 95 ms late; a short one is a timer's.
    local late = reply[4] - now > 150 and 95 or life.late
    ask_at = math.max(now + 1, reply[4]) + math.random() * late
  else
    ask_at = math.huge
  end
end

local function ends(answer)
  local now, outcome = site.now, answer[4]
  local ending = { 1, free + 1, cjson.decode("[" .. answer[3] .. "]"), "1", "t", outcome, answer[5], answer[6], answer[7], now }
  local opts = free + 1 > 0 and "opts" or nil
  local reply = finish(site, ending, answer[2], now, outcome == "throttled" and "delayed" or "completed",
    outcome ~= "throttled", function(with_fetch)
      redis.call("RPOP", base .. "active")
      return with_fetch == "1" and moveToActive(active_keys(base)) or 0
    end, opts)
  free = free + 1
  follow(reply, now)
  -- A finish that is told to sleep leaves the marker for the others, who ask at once.
  if ask_at == math.huge and free > 0 then ask_at = now + life.lag end
end

local next_answer, next_arrival = 1, 1
while true do
  local answer, arrival = answers[next_answer], arrivals[next_arrival]
  local asks = free > 0 and ask_at or math.huge
  local at = math.min(answer and answer[1] or math.huge, arrival or math.huge, asks)
  if at >= life.till then
    break
  end
  site.now, site.cold = at, nil
  if answer and answer[1] == at then
    next_answer = next_answer + 1
    ends(answer)
  elseif arrival == at then
    next_arrival = next_arrival + 1
    if backlog >= 0 then backlog = backlog + 1 end
    if backlog == 1 then line_up() end
    if ask_at == math.huge then ask_at = at + life.lag end
  else
    local reply = fetch(site, who(at), "opts")
    save(site)
    follow(reply, at)
  end
end

local rate = law_rate(site.hot, site.plan)
return {
  free, ask_at == math.huge and -1 or math.floor(ask_at * 1000), backlog, fetched,
  { math.floor(life.till * 1000), rate == math.huge and -1 or math.floor(rate * 1000), site.hot.phase,
    math.floor(site.hot.gate * 1000) },
}
