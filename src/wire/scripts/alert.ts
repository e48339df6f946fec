/**
 * One instance says how an alert stands with it, and the alert of the service follows: the fold of src/judge/fold.ts, which is its
 * specification. Entry, document, list, stream and channel change in one step.
 *
 * Made to be repeated: the entry is written first, and the alert's own state, which is what tells what was told, last. A script that is
 * refused half-way (an ACL, a key of a wrong type), or whose answer is lost, is sent again and does what is left to do; what its channel
 * refused is published then.
 */
import type { ShardNames } from '../names.ts'
import { ISO, KEPT_AFTER_RESOLVE_MS, META, NOW, PUBLISH, tell, type Script } from './script.ts'

/** What is kept of an instance that is dead and has nothing open: should it come back with what it could not say, that is recognised. */
const DEAD_ENTRIES_KEPT_MS = 3_600_000
/** Instances in a message; `instances_left_out` says how many more there are. With names of 128 characters they fit into it. */
const MOST_INSTANCES = 100
/** A sign of life this far in the future is none. */
const FURTHEST_AHEAD_MS = 60_000

/** The beginning of an entry. */
const ENTRY =
  '^{"state":"(%l+)","severity":"(%u+)","breaching":(%l+),"known":(%l+),"keep":(%d+),"start":(%d+),"n":(%d+),"episode":(%d+),"age":(%d+),"at":(%d+),'

/** Chooses the entry whose evidence is shown. */
const SPEAKER = `
  local function comesBefore(a, b)
    if state == 'firing' or state == 'pending' then
      if a.severity ~= b.severity then return a.severity == 'CRITICAL' end
      if a.known ~= b.known then return a.known end
      if a.since ~= b.since then return a.since < b.since end
    elseif a.at ~= b.at then return a.at > b.at end
    return a.name < b.name
  end
  for _, e in ipairs(voices) do if comesBefore(e, speaker) then speaker = e end end`

/**
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:alert:<id>` | 1 | instance; empty: says nothing, looks who is gone |
 * | 2 | `{health}:alert:<id>:instances` | 2, 3 | what it says, without the time: before and after it (JSON) |
 * | 3 | `{health}:open` | 4 | what the alert is about (fields of JSON) |
 * | 4 | `{health}:open:<service>` | 5 | scope, whether it was told of it as open (`told` or `untold`), cause |
 * | 5 | `{health}:alerts` | 6, 7 | channel, retention (ms) |
 * | 6 | `{health}:meta` | 8 | begins the name of a new epoch |
 * | 7 | `{health}:instances:<service>` | | |
 * | 8 | `{health}:silent` | | |
 * | 9 | `{health}:due` | | |
 *
 * Answers {outcome, rev, state, severity, episode, epoch}. Outcome `1`: done. `3`: a later process of that name has spoken. `4`: the document
 * is of a version that is not known here, and is left alone.
 */
export const ALERT: Script = {
  numberOfKeys: 9,
  lua: `${NOW}${ISO}${PUBLISH}
local held = call('HMGET', KEYS[1], 'doc', 'fold', 'rev', 'unheard')
local document, rev = held[1], held[3] or '0'
if document and string.sub(document, 1, 7) ~= '{"v":1,' then return {'4', rev, '', '', '0', ''} end
local meta = ${META('KEYS[6]')}
local epoch = meta[2] or ''
local wasState, wasSeverity, wasSince, wasEpisode, scope
if held[2] then wasState, wasSeverity, wasSince, wasEpisode, scope = string.match(held[2], '^(%l+) (%u+) (%d+) (%d+) (%l+)$') end

local entries, by = {}, nil
local stored = call('HGETALL', KEYS[2])
local me = ARGV[1]
for i = 1, #stored, 2 do
  if stored[i] ~= me then
    local state, severity, breaching, known, keep, start, n, episode, age, at = string.match(stored[i + 1], '${ENTRY}')
    if state then
      at = tonumber(at)
      entries[#entries + 1] = {name = stored[i], state = state, severity = severity, breaching = breaching == 'true', known = known == 'true',
        keep = tonumber(keep), since = at - age, at = at, text = stored[i + 1]}
    end
  else
    by = stored[i + 1]
  end
end

local wasTold, cause = false, 'instance_gone'
if me == '' then by = nil
else
  local told
  scope, told, cause = string.match(ARGV[5], '^(%l+) (%l+) ([%l_]+)$')
  wasTold = told == 'told'
  local entry = ARGV[2] .. '"at":' .. format('%.0f', now) .. ',' .. ARGV[3]
  local state, severity, breaching, known, keep, start, n, episode, age, at = string.match(entry, '${ENTRY}')
  start, n = tonumber(start), tonumber(n)
  local lastStart, lastN
  if by then lastStart, lastN = string.match(by, '"start":(%d+),"n":(%d+),') end
  lastStart, lastN = tonumber(lastStart or '-1'), tonumber(lastN or '-1')
  if lastStart > start then return {'3', rev, wasState or '', wasSeverity or '', wasEpisode or '0', epoch} end
  if lastStart == start and lastN >= n then
    entry = by
    state, severity, breaching, known, keep, start, n, episode, age, at = string.match(entry, '${ENTRY}')
  else
    call('HSET', KEYS[2], me, entry)
    at = now
  end
  by = {name = me, state = state, severity = severity, breaching = breaching == 'true', known = known == 'true', since = at - age,
    at = tonumber(at), episode = tonumber(episode), text = entry}
  entries[#entries + 1] = by
end

local wasOpen = wasState == 'firing' or wasState == 'recovering' or wasState == 'unknown'
wasSince = tonumber(wasSince)
local well, firing, recovering, pending, gone, dead = {}, {}, {}, {}, {}, {}
local lastSignOfGone = 0
for _, e in ipairs(entries) do
  local state = e.state
  if e == by then e.seen = now
  else
    e.seen = e.at
    local score = tonumber(call('ZSCORE', KEYS[7], e.name) or '0')
    if score > e.seen and score <= now + ${FURTHEST_AHEAD_MS} then e.seen = score end
    local silentFor = now - e.seen
    if silentFor > e.keep then
      if state == 'pending' or state == 'firing' or state == 'recovering' or state == 'unknown' then
        gone[#gone + 1] = e
        e.state = 'gone'
      elseif silentFor > e.keep + ${DEAD_ENTRIES_KEPT_MS} and not (state == 'gone' and wasOpen) then dead[#dead + 1] = e end
      state = nil
    end
  end
  if state == 'firing' or state == 'unknown' then firing[#firing + 1] = e
  elseif state == 'recovering' then recovering[#recovering + 1] = e
  elseif state == 'pending' then pending[#pending + 1] = e
  elseif (state == 'inactive' or state == 'resolved') and e.known then well[#well + 1] = e end
  if e.state == 'gone' and e.seen > lastSignOfGone then lastSignOfGone = e.seen end
end

if scope == 'shared' and #firing > 0 then
  local lastSaid, isKnown = 0, false
  for _, e in ipairs(firing) do
    lastSaid = math.max(lastSaid, e.at)
    isKnown = isKnown or e.known
  end
  if not isKnown then for _, e in ipairs(well) do if e.at > lastSaid then firing = {} end end end
end

local forgotten = not wasState and by ~= nil and wasTold
local state
if #firing > 0 and (scope ~= 'all' or (#recovering == 0 and #well == 0 and (wasOpen or forgotten or #pending == 0))) then state = 'firing'
elseif not wasOpen and not forgotten then
  state = #pending > 0 and 'pending' or wasState == 'resolved' and 'resolved' or 'inactive'
elseif scope == 'all' and #well > 0 then state = 'resolved'
elseif #recovering > 0 then state = 'recovering'
elseif not wasState then state = 'resolved'
else
  local isWell = false
  local evidenceFrom = math.max(lastSignOfGone, wasSince)
  if #firing == 0 then for _, e in ipairs(well) do isWell = isWell or e.at >= evidenceFrom end end
  if isWell then state = 'resolved'
  elseif by or (call('ZCARD', KEYS[7]) > 0 and not call('ZSCORE', KEYS[8], string.match(KEYS[4], '[^:]*$'))) then state = wasState
  else state = 'unknown' end
end

local voices = state == 'firing' and firing or state == 'pending' and pending or state == 'recovering' and recovering
  or state == 'resolved' and well or {}
local speaker = voices[1]
if voices[2] then${SPEAKER}
end

local isOpen = state == 'firing' or state == 'recovering' or state == 'unknown'
local opens = isOpen and not wasOpen
local severity = wasSeverity or by and by.severity or 'WARNING'
if state == 'pending' or (#firing + #recovering > 0 and (state == 'firing' or (opens and state == 'recovering'))) then
  severity = 'WARNING'
  for _, e in ipairs(state == 'pending' and pending or firing) do if e.severity == 'CRITICAL' then severity = 'CRITICAL' end end
  if state ~= 'pending' then for _, e in ipairs(recovering) do if e.severity == 'CRITICAL' then severity = 'CRITICAL' end end end
end
local since = wasSince
if state ~= wasState then
  since = now
  if speaker and speaker.state == state and speaker.since < now then since = speaker.since end
  if wasOpen and since < wasSince then since = wasSince end
end
local episode
if wasEpisode then episode = wasEpisode + (wasState == 'resolved' and state ~= 'resolved' and 1 or 0)
else episode = math.max(by and by.episode or 1, 1) end

local kind, told = nil, 'null'
if forgotten and isOpen then kind, cause, told = 'updated', 'memory_lost', '"fired"'
elseif forgotten and state == 'resolved' then kind = 'resolved'
elseif opens then kind = 'fired'
elseif wasOpen then
  if state == 'resolved' then kind = 'resolved'
  elseif state == 'unknown' then kind = wasState ~= 'unknown' and 'unknown' or nil
  elseif wasState == 'unknown' then kind = 'updated'
  elseif severity ~= wasSeverity then kind = severity == 'CRITICAL' and 'escalated' or 'deescalated' end
end

if not by and #gone == 0 and #dead == 0 and (not wasState or not kind and state == wasState) then
  return {'1', rev, wasState or '', wasSeverity or '', wasEpisode or '0', epoch}
end
for _, e in ipairs(gone) do
  e.text = string.gsub(e.text, '^{"state":"%l+"', '{"state":"gone"', 1)
  call('HSET', KEYS[2], e.name, e.text)
end
for _, e in ipairs(dead) do call('HDEL', KEYS[2], e.name) end

local about = ARGV[4]
if me == '' then about = string.match(document, '^{"v":1,"rev":%d+,(.*),"episode":%d+,"scope":') end
local says
if speaker then says = string.match(speaker.text, '"says":{(.*)}}$')
elseif by and not wasOpen and state == 'inactive' then says = string.match(by.text, '"says":{(.*)}}$')
elseif document then says = string.match(document, '"since":"[^"]*",(.*),"instances":{') end
if not says then says = by and string.match(by.text, '"says":{(.*)}}$') or '"message":"","value":null' end
if kind == 'unknown' then
  says = string.gsub(says, '^"message":"', '"message":"No instance is alive that could tell whether this goes on: ', 1)
end

if entries[2] then
  table.sort(entries, function(a, b)
    if a.breaching ~= b.breaching then return a.breaching end
    return a.name < b.name
  end)
end
local instances, leftOut = '', ''
for i, e in ipairs(entries) do
  if i > ${MOST_INSTANCES} then
    leftOut = ',"instances_left_out":' .. #entries - ${MOST_INSTANCES}
    break
  end
  instances = instances .. (i > 1 and ',' or '') .. cjson.encode(e.name) .. ':{"state":"' .. e.state .. '","severity":"' .. e.severity
    .. '","since":"' .. iso(e.since) .. '","breaching":' .. (e.breaching and e.state ~= 'gone' and 'true' or 'false') .. ',"seen":"'
    .. iso(e.seen) .. '"}'
end
local id = string.match(KEYS[1], '[^:]*$')
local sinceText, episodeText = format('%.0f', since), format('%.0f', episode)
local fields = about .. ',"episode":' .. episodeText .. ',"scope":"' .. scope .. '","severity":"' .. severity .. '","state":"' .. state
  .. '","since":"' .. iso(since) .. '",' .. says .. ',"instances":{' .. instances .. '}' .. leftOut

if opens then
  -- Said after the service had said that it stops: somebody is to look after it.
  if by and call('EXISTS', KEYS[7]) == 0 then call('ZADD', KEYS[9], format('%.0f', now + string.match(ARGV[2], '"keep":(%d+)')), string.match(KEYS[4], '[^:]*$')) end
  call('ZADD', KEYS[3], sinceText, id)
  call('SADD', KEYS[4], id)
  if document then
    call('PERSIST', KEYS[1])
    call('PERSIST', KEYS[2])
  end
end
local message
if kind then
${tell('KEYS[5]', 'KEYS[6]', `'"type":"' .. kind .. '","deliver":true,' .. fields .. ',"overlays":{},"cause":"' .. cause .. '","actor":null,"told":' .. told`, { retention: 'ARGV[7]', epochs: 'ARGV[8]' })}
end
call('HSET', KEYS[1], 'rev', rev, 'doc', '{"v":1,"rev":' .. rev .. ',' .. fields .. '}', 'fold', state .. ' ' .. severity .. ' ' .. sinceText
  .. ' ' .. episodeText .. ' ' .. scope)
if not isOpen then
  call('PEXPIRE', KEYS[1], '${KEPT_AFTER_RESOLVE_MS}')
  call('PEXPIRE', KEYS[2], '${KEPT_AFTER_RESOLVE_MS}')
  call('ZREM', KEYS[3], id)
  call('SREM', KEYS[4], id)
end
if not message and held[4] then
  local entry = call('XRANGE', KEYS[5], held[4], held[4])[1]
  message = entry and entry[2][2]
end
if message then publish(ARGV[6], message) end
if unheard then
  call('HSET', KEYS[1], 'unheard', string.match(message, '"id":"([^"]+)"'))
  return unheard
end
if held[4] then call('HDEL', KEYS[1], 'unheard') end
return {'1', rev, state, severity, episodeText, epoch}`,
}

/** KEYS of ALERT. */
export function alertKeys(names: ShardNames, alertId: string, service: string): readonly string[] {
  return [
    ...[names.alert(alertId), names.entries(alertId), names.open, names.openOf(service), names.alerts, names.meta],
    ...[names.instances(service), names.silent, names.due],
  ]
}

/** ARGV of ALERT for who says nothing and looks who is gone. `epochs` begins the name of a new epoch. */
export function lookingOnly(names: ShardNames, retentionMs: number, epochs: string): readonly string[] {
  return ['', '', '', '', '', names.alertsChannel, String(retentionMs), epochs]
}
