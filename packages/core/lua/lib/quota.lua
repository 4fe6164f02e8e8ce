-- A quota that no waiting of minutes brings back (no credit, a spend limit, a day's calls) is no congestion: the law learns
-- nothing from it. The gate shuts until the time that the API named, else until an operator resumes; then one probe goes first.
local function quota_spent(site, permit, retry_after)
  local hot, now = site.hot, site.now
  law_begin(site)
  local till = retry_after > 0 and now + retry_after or now + GATE_MOST_MS
  gate_shut(site, till, "quota")
  hot.half = 1
  if permit.probe then
    hot.probe = 0
  end
  -- For how long the gate is shut says nothing of the API's pace: law_opened measures its closure from the anchor.
  local law = cold(site).law
  law.anchor = { granted = hot.granted, refused = law.refused, at = hot.gate }
  level_review_all(site)
end

-- An operator says that there is quota again.
local function quota_resumed(site)
  law_begin(site)
  site.hot.half = 1
  cold(site).law.anchor.at = site.now
end
