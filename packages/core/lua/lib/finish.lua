--- @include "fetch"
--- @include "settle"
-- What every command that ends a run has in common: hear the API, run BullMQ's body, settle the permit, fetch the next.

-- ARGV from `from` on: worker id, token, free slots, grant ms, permit, permit id, outcome, retry-after ms, spent (JSON),
-- time. See src/bullmq/backend.ts, which writes them.
local function ending_of(site_base, host_now, ARGV, from)
  local site = site_of(site_base, clock(ARGV[from + 9]))
  local ending = {
    who = {
      worker = ARGV[from], token = ARGV[from + 1], free = tonumber(ARGV[from + 2]), grant_ms = ARGV[from + 3],
      host_now = tonumber(host_now), finishing = true,
    },
    permit = permit_parse(ARGV[from + 4]),
    id = ARGV[from + 5],
    outcome = ARGV[from + 6],
    retry_after = tonumber(ARGV[from + 7]) or 0,
    spent = ARGV[from + 8] ~= "" and ARGV[from + 8] and cjson.decode(ARGV[from + 8]) or nil,
  }
  return site, ending
end

local function recorded(site, ending)
  local grant = redis.call("GET", site.prefix .. ":@grant:" .. site.queue.name .. ":" .. ending.who.token)
  local known = grant and cjson.decode(grant)
  return known and known.settled == ending.id and ending.id ~= "" and known or nil
end

-- The same command a second time, after its reply was lost: the same answer, nothing charged, nothing moved.
local function repeated(site, ending)
  local known = recorded(site, ending)
  if not known then
    return nil
  end
  if known.job ~= "" and redis.call("GET", site.base .. known.job .. ":lock") == ending.who.token then
    return { redis.call("HGETALL", site.base .. known.job), known.job, 0, 0, known.permit }
  end
  return 0
end

-- `body` runs BullMQ's command without its own fetch; `next_opts` are the packed opts for the next job, nil for none.
local function finish(site, ending, body, next_opts)
  local throttled = ending.permit and ending.outcome == "throttled"
  if throttled and not recorded(site, ending) then
    hear(site, ending.permit, ending.retry_after)
  end
  local reply = body()
  if type(reply) == "number" and reply < 0 then
    local known = repeated(site, ending)
    if known then
      return known
    end
    if throttled then
      save(site)
    end
    return reply
  end
  settle(site, ending.permit, ending.outcome, ending.spent)
  local next_reply = 0
  if next_opts then
    next_reply = fetch(site, ending.who, next_opts)
  end
  local took = type(next_reply) == "table" and type(next_reply[1]) == "table"
  remember(site, ending.who, took and next_reply[2] or nil, ending.id)
  -- A slot of a full limiter was freed and not filled again here: somebody else may sleep for it.
  if not took and site.config.concurrency and in_flight(site) >= site.config.concurrency - 1 then
    wake(site)
  end
  if site.queue.state.level ~= "open" then
    level_review(site, site.queue, depth_of(site.base))
  end
  save(site)
  return next_reply
end
