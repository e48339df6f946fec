/**
 * One instance says how an alert stands with it, and the alert of the service follows: the fold of src/judge/fold.ts, which is its
 * specification. Entry, document, list, stream and channel change in one step.
 *
 * Made to be repeated: the entry is written first, and the alert's own state, which is what tells what was told, last. A script that is
 * refused half-way (an ACL, a key of a wrong type), or whose answer is lost, is sent again and does what is left to do; what its channel
 * refused is published then.
 */
import { FURTHEST_AHEAD_MS } from '../alert-entry.ts'
import { PROCESS_DOWN, SERVICE_SILENT } from '../../catalogue.ts'
import type { ShardNames } from '../names.ts'
import { NOBODY_ALIVE } from '../signature.ts'
import { keepOverlay, NOTHING_OVER, OVERLAY, OVERLAY_FIELDS } from './overlay.ts'
import { ISO, KEPT_AFTER_RESOLVE_MS, META, NOW, publish, tell, type Script } from './script.ts'

/** What is kept of an instance that is dead and has nothing open: should it come back with what it could not say, that is recognised. */
const DEAD_ENTRIES_KEPT_MS = 3_600_000
/**
 * What instances say is kept so long after the alert opened: should it be lost while it is open still, those who are alive notice it and say it
 * again.
 */
const ENTRIES_KEPT_MS = 3 * KEPT_AFTER_RESOLVE_MS
/** Instances in a message; `instances_left_out` says how many more there are. With names of 128 characters they fit into it. */
const MOST_INSTANCES = 100

/** The beginning of an entry. */
const ENTRY =
  '^{"state":"(%l+)","severity":"(%u+)","breaching":(%l+),"known":(%l+),"keep":(%d+),"start":(%d+),"n":(%d+),"episode":(%d+),"age":(%d+),"at":(%d+),'

/** Lua: whether the evidence of entry `a` is shown rather than that of `b`, which may be nil: the worst, of these what is known, then the oldest. */
const heavier = (a: string, b: string): string =>
  `not ${b} or (${a}.severity ~= ${b}.severity and ${a}.severity == 'CRITICAL') or (${a}.severity == ${b}.severity and (${a}.known and not ${b}.known
    or ${a}.known == ${b}.known and (${a}.since < ${b}.since or ${a}.since == ${b}.since and ${a}.name < ${b}.name)))`
/** The newest. */
const newer = (a: string, b: string): string => `not ${b} or ${a}.at > ${b}.at or (${a}.at == ${b}.at and ${a}.name < ${b}.name)`

/**
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:alert:<id>` | 1 | instance; empty: says nothing, looks who is gone |
 * | 2 | `{health}:alert:<id>:instances` | 2, 3 | what it says, without the time: before and after it (JSON) |
 * | 3 | `{health}:open` | 4 | what the alert is about (fields of JSON) |
 * | 4 | `{health}:open:<service>` | 5 | scope, `told` of it as open or `untold`, `leaving` or `staying`, cause (`again`: it is told once more) |
 * | 5 | `{health}:alerts` | 6, 7 | channel, retention (ms) |
 * | 6 | `{health}:meta` | 8 | begins the name of a new epoch |
 * | 7 | `{health}:instances:<service>` | | |
 * | 8 | `{health}:silent` | 9 | what may cause it: `<service>:<rule>` each |
 * | 9 | `{health}:due` | 10 | what a person does: empty, `ack <until>`, `unack -`, `resolve -` or, for a silence that begins or ends, `look -` |
 * | 10 | `{health}:silences` | 11, 12 | who and why (JSON) |
 * | 11 | `{health}:causing` | 13 | what people read from then on (fields of JSON) |
 * | 12 | `{health}:overlay-due` | | |
 *
 * Answers {outcome, rev, state, severity, episode, epoch}. Outcome `1`: done. `3`: a later process of that name has spoken. `4`: the document
 * is of a version that is not known here, and is left alone.
 */
export const ALERT: Script = {
  numberOfKeys: 12,
  lua: `${NOW}${ISO}
local unheard
local held = call('HMGET', KEYS[1], 'doc', 'fold', 'rev', 'unheard', ${OVERLAY_FIELDS})
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

local wasTold, isLeaving, isAgain, cause = false, false, false, 'instance_gone'
if me == '' then by = nil
else
  local told, leaving
  scope, told, leaving, cause = string.match(ARGV[5], '^(%l+) (%l+) (%l+) ([%l_]+)$')
  wasTold, isLeaving = told == 'told', leaving == 'leaving'
  if cause == 'again' then isAgain, cause = true, 'condition' end
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
    if #stored == 0 then call('PEXPIRE', KEYS[2], '${ENTRIES_KEPT_MS}') end
  end
  by = {name = me, state = state, severity = severity, breaching = breaching == 'true', known = known == 'true', since = at - age,
    at = tonumber(at), episode = tonumber(episode), text = entry}
  entries[#entries + 1] = by
end

local wasOpen = wasState == 'firing' or wasState == 'recovering' or wasState == 'unknown'
-- Of a person: what the instances say of it is as it was.
local act = ARGV[10] or ''
local isAct = act ~= ''
if isAct and not wasOpen then return {'1', rev, wasState or '', wasSeverity or '', wasEpisode or '0', epoch} end
wasSince = tonumber(wasSince)
-- Of each kind the one whose evidence is shown, if there is any; no lists, for these lines are what an alert waits for.
local firing, unknown, recovering, pending, well, gone, dead
local isCritical, isPendingCritical, isKnown, lastBreachAt = false, false, false, 0
local lastSignOfGone = 0
for i = 1, #entries do
  local e = entries[i]
  local state = e.state
  if e == by then e.seen = now
  elseif isAct then e.seen, state = e.at, nil
  else
    e.seen = e.at
    local score = tonumber(call('ZSCORE', KEYS[7], e.name) or '0')
    if score > e.seen and score <= now + ${FURTHEST_AHEAD_MS} then e.seen = score end
    local silentFor = now - e.seen
    if silentFor > e.keep then
      if state == 'pending' or state == 'firing' or state == 'recovering' or state == 'unknown' then
        gone = gone or {}
        gone[#gone + 1] = e
        e.state = 'gone'
      elseif silentFor > e.keep + ${DEAD_ENTRIES_KEPT_MS} and not (state == 'gone' and wasOpen) then
        dead = dead or {}
        dead[#dead + 1] = e
      end
      state = nil
    end
  end
  if state == 'firing' then
    if ${heavier('e', 'firing')} then firing = e end
    isCritical = isCritical or e.severity == 'CRITICAL'
    isKnown = isKnown or e.known
    if e.at > lastBreachAt then lastBreachAt = e.at end
  elseif state == 'unknown' then
    if ${newer('e', 'unknown')} then unknown = e end
    if e.at > lastBreachAt then lastBreachAt = e.at end
  elseif state == 'recovering' then
    if ${newer('e', 'recovering')} then recovering = e end
    isCritical = isCritical or e.severity == 'CRITICAL'
  elseif state == 'pending' then
    if ${heavier('e', 'pending')} then pending = e end
    isPendingCritical = isPendingCritical or e.severity == 'CRITICAL'
  elseif (state == 'inactive' or state == 'resolved') and e.known then
    if ${newer('e', 'well')} then well = e end
  end
  if e.state == 'gone' and e.seen > lastSignOfGone then lastSignOfGone = e.seen end
end
if scope == 'shared' and (firing or unknown) and not isKnown and well and well.at > lastBreachAt then
  firing, unknown, isCritical = nil, nil, false
  for i = 1, #entries do
    local e = entries[i]
    isCritical = isCritical or (e.state == 'recovering' and now - e.seen <= (e.keep or 0) and e.severity == 'CRITICAL')
  end
end

local forgotten = not wasState and by ~= nil and wasTold
local state, speaker
if isAct then state = wasState
elseif firing and (scope ~= 'all' or (not recovering and not well and (wasOpen or forgotten or not pending))) then
  state, speaker = 'firing', firing
elseif not wasOpen and not forgotten then
  state = pending and 'pending' or wasState == 'resolved' and 'resolved' or 'inactive'
  if state == 'pending' then speaker = pending elseif state == 'resolved' then speaker = well end
elseif scope == 'all' and well then state, speaker = 'resolved', well
elseif recovering then state, speaker = 'recovering', recovering
elseif unknown then state, speaker = 'unknown', unknown
elseif not wasState then state, speaker = 'resolved', well
elseif not firing and well and well.at >= math.max(lastSignOfGone, wasSince) then state, speaker = 'resolved', well
elseif by or (call('ZCARD', KEYS[7]) > 0 and not call('ZSCORE', KEYS[8], string.match(KEYS[4], '[^:]*$'))) then state = wasState
else state = 'unknown' end
if not speaker then
  if state == 'firing' then speaker = firing elseif state == 'recovering' then speaker = recovering end
end

-- Of a silent service nobody says anything but who notices.
if me == '' and string.find(document or '', '^{"v":1,"rev":%d+,"alert_id":"[^"]*","service":"[^"]*","rule":"${SERVICE_SILENT}",') then
  state, speaker = wasState, nil
  if not wasOpen and call('ZSCORE', KEYS[8], string.match(KEYS[4], '[^:]*$')) then state, isKnown = 'firing', true end
end

-- Who said that a process is down is gone, and others of the service are alive: nobody would ever say that it is over.
if me == '' and not isAct and wasOpen and not firing and call('ZCARD', KEYS[7]) > 0 and not call('ZSCORE', KEYS[8], string.match(KEYS[4], '[^:]*$'))
  and string.find(document, '^{"v":1,"rev":%d+,"alert_id":"[^"]*","service":"[^"]*","rule":"${PROCESS_DOWN}"') then
  state, speaker = 'resolved', nil
end

local isOpen = state == 'firing' or state == 'recovering' or state == 'unknown'
local opens = isOpen and not wasOpen
local severity = wasSeverity or by and by.severity or 'WARNING'
if state == 'pending' then severity = isPendingCritical and 'CRITICAL' or 'WARNING'
elseif (firing or recovering) and (state == 'firing' or (opens and state == 'recovering')) then
  severity = isCritical and 'CRITICAL' or 'WARNING'
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
  elseif severity ~= wasSeverity then kind = severity == 'CRITICAL' and 'escalated' or 'deescalated'
  elseif isAgain and state == 'firing' then kind, told = 'updated', '"fired"' end
end

local about = ARGV[4]
if me == '' then about = string.match(document or '', '^{"v":1,"rev":%d+,(.*),"episode":%d+,"scope":') end
local lies${NOTHING_OVER}
if not lies and about and (kind or held[6] or me == '') and (wasState or by) then
  ${OVERLAY}
  local service, rule = string.match(about, '"service":"([^"]*)","rule":"([^"]*)"')
  lies = {silences = KEYS[10], causing = KEYS[11], due = KEYS[12], id = string.match(KEYS[1], '[^:]*$'), service = service, rule = rule,
    about = about, heldTold = held[5] or nil, heldOverlay = held[6] or nil, heldCauses = held[7] or nil, wasState = wasState,
    wasSeverity = wasSeverity, wasSince = wasSince, wasEpisode = wasEpisode, state = state, severity = severity, since = since,
    episode = episode, kind = kind, cause = cause, told = told, recovering = recovering ~= nil, breaching = isKnown,
    mayBeCausedBy = by and (ARGV[9] or '') or held[7] or '', act = string.match(act, '^%l+') or '', actUntil = string.match(act, '%d+$'),
    by = ARGV[11], why = ARGV[12]}
  overlay(lies)
  state, severity, since, episode, kind = lies.state, lies.severity, lies.since, lies.episode, lies.kind
  isOpen = state == 'firing' or state == 'recovering' or state == 'unknown'
  opens = isOpen and not wasOpen
end
if not by and not gone and not dead and (not wasState or not (lies and lies.isChanged) and state == wasState) then
  return {'1', rev, wasState or '', wasSeverity or '', wasEpisode or '0', epoch}
end
if gone then
  for _, e in ipairs(gone) do
    e.text = string.gsub(e.text, '^{"state":"%l+"', '{"state":"gone"', 1)
    call('HSET', KEYS[2], e.name, e.text)
  end
end
if dead then for _, e in ipairs(dead) do call('HDEL', KEYS[2], e.name) end end

local says
if lies and lies.isByHand then says = ARGV[13]
elseif lies and lies.isMasked then says = string.match(document, '"since":"[^"]*",(.*),"instances":{')
elseif speaker then says = string.match(speaker.text, '"says":{(.*)}}$')
elseif by and not wasOpen and state == 'inactive' then says = string.match(by.text, '"says":{(.*)}}$')
elseif document then says = string.match(document, '"since":"[^"]*",(.*),"instances":{') end
if not says then says = by and string.match(by.text, '"says":{(.*)}}$') or '"message":"","value":null' end
if kind == 'unknown' and not speaker then
  says = string.gsub(says, '^"message":"', '"message":"${NOBODY_ALIVE}', 1)
end

if entries[2] then
  table.sort(entries, function(a, b)
    if a.breaching ~= b.breaching then return a.breaching end
    return a.name < b.name
  end)
end
local instances, leftOut = '', ''
for i = 1, #entries do
  local e = entries[i]
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
  if isLeaving and call('EXISTS', KEYS[7]) == 0 then
    call('ZADD', KEYS[9], format('%.0f', now + string.match(ARGV[2], '"keep":(%d+)')), string.match(KEYS[4], '[^:]*$'))
  end
  call('ZADD', KEYS[3], sinceText, id)
  call('SADD', KEYS[4], id)
  if document then
    call('PERSIST', KEYS[1])
    call('PEXPIRE', KEYS[2], '${ENTRIES_KEPT_MS}')
  end
end
local shown = lies and lies.shown or '{}'
local messages
for _, say in ipairs(lies and lies.messages or {}) do
  local message
${tell('KEYS[5]', 'KEYS[6]', `'"type":"' .. say.kind .. '","deliver":' .. say.deliver .. ',' .. fields .. ',"overlays":' .. shown .. ',"cause":"' .. say.cause .. '","actor":' .. say.actor .. ',"told":' .. say.told`, { retention: 'ARGV[7]', epochs: 'ARGV[8]' })}
  meta = {rev, epoch, at}
  messages = messages or {}
  messages[#messages + 1] = message
end
if lies then
  ${keepOverlay('KEYS[1]', 'lies')}
end
local kept = '{"v":1,"rev":' .. rev .. ',' .. fields .. (shown ~= '{}' and ',"overlays":' .. shown or '') .. '}'
local fold = state .. ' ' .. severity .. ' ' .. sinceText .. ' ' .. episodeText .. ' ' .. scope
call('HSET', KEYS[1], 'rev', rev, 'doc', kept, 'fold', fold)
if not isOpen then
  call('PEXPIRE', KEYS[1], '${KEPT_AFTER_RESOLVE_MS}')
  call('ZREM', KEYS[3], id)
  call('SREM', KEYS[4], id)
end
if not messages and held[4] then
  local entry = call('XRANGE', KEYS[5], held[4], held[4])[1]
  messages = entry and {entry[2][2]}
end
for _, message in ipairs(messages or {}) do
  -- Those behind one that is refused are in the stream.
  if not unheard then${publish('ARGV[6]', 'message')}
    if unheard then call('HSET', KEYS[1], 'unheard', string.match(message, '"id":"([^"]+)"')) end
  end
end
if unheard then return unheard end
if held[4] then call('HDEL', KEYS[1], 'unheard') end
return {'1', rev, state, severity, episodeText, epoch}`,
}

/** KEYS of ALERT. */
export function alertKeys(names: ShardNames, alertId: string, service: string): readonly string[] {
  return [
    ...[names.alert(alertId), names.entries(alertId), names.open, names.openOf(service), names.alerts, names.meta],
    ...[names.instances(service), names.silent, names.due, names.silences, names.causing, names.overlayDue],
  ]
}

/** KEYS of ALERT for what a person does: those of presence, which it does not need and not every operator may write to, are left out. */
export function actKeys(names: ShardNames, alertId: string, service: string): readonly string[] {
  return alertKeys(names, alertId, service).with(6, names.open).with(7, names.open).with(8, names.open)
}

/** What a person does to an alert. */
export interface Act {
  /** `until`: epoch milliseconds of the server. `look`: nothing, but a silence has begun or ended. */
  readonly act: `ack ${number}` | 'unack -' | 'resolve -' | 'look -'
  readonly by: string
  readonly why: string
  /** What people read from then on: fields of JSON, of `resolve` alone. */
  readonly says?: string
}

/** ARGV of ALERT for what a person does. */
export function acting(names: ShardNames, retentionMs: number, epochs: string, { act, by, why, says = '' }: Act): readonly string[] {
  return [...lookingOnly(names, retentionMs, epochs), '', act, JSON.stringify(by), JSON.stringify(why), says]
}

/** ARGV of ALERT for who says nothing and looks who is gone. `epochs` begins the name of a new epoch. */
export function lookingOnly(names: ShardNames, retentionMs: number, epochs: string): readonly string[] {
  return ['', '', '', '', '', names.alertsChannel, String(retentionMs), epochs]
}
