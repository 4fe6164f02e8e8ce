-- An API that counts calls in flight refuses whenever one more is out than it stands, so the most that were out between two
-- events is always the same, and the last of them was refused. A bound just below it is all that such an API wants: the pace may
-- rise. Under any other API that most is an extreme, and a bound there holds nobody.
local CROWD_EVENTS = 4         -- so many alike before it is tried; twice that after each mistake
local CROWD_LEAST = 8          -- fewer in flight are alike by chance
local CROWD_LIFT = 1.05        -- the pace is above what the bound lets through; 1.15 cost a bucket eight 429s a mistake
local CROWD_CALLS = 300        -- refused sooner than that, it was not the one call more

local function law_crowd(hot, law, permit, rate, accepted)
  local most = hot.most
  hot.most = 0
  law.widest = math.max(law.widest, most)
  if hot.crowd > 0 and most > hot.crowd and permit.granted - law.anchor.granted > CROWD_CALLS then
    -- One more was tried, and refused: the bound is where it was, and the pace had no part in it.
    hot.base = math.max(hot.base, CROWD_LIFT * accepted)
    law.crowds = {}
    return
  end
  local crowds = law.crowds
  crowds[#crowds + 1] = most
  if hot.crowd > 0 then
    if #crowds == 2 then
      -- Refused with fewer in flight: it counts something else.
      hot.crowd = 0; law.crowds = {}
      law.mistaken = law.mistaken + 1
    end
    return
  end
  local events = CROWD_EVENTS * 2 ^ law.mistaken
  if #crowds > events then table.remove(crowds, 1) end
  local least, largest = math.min(unpack(crowds)), math.max(unpack(crowds))
  if #crowds == events and least >= CROWD_LEAST and largest - least <= math.max(1, 0.05 * least) then
    hot.crowd = least - 1
    hot.base = CROWD_LIFT * rate
    law.crowds = {}
  end
end
