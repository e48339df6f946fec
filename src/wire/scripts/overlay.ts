/**
 * What lies over an alert, inside Redis: whether people are told of a change, what a person does, and what happens because time has passed.
 * src/overlays/step-overlays.ts is its specification.
 *
 * Fields of the hash of an alert: `told` (`fired WARNING`, and when it was resolved, ms, the oldest first; left out of an open alert that was
 * told as what it is and has not been resolved lately), `overlay` (JSON of the rest, left out if there is none), `causes` (what may cause the alert:
 * `<service>:<rule>` each).
 */
import { endsWith, takeOffSilence } from './ending-silence.ts'
import { FLAPPING_MS, FLAPS_END, FLAPS_START, HOLD_MS, INHIBITED_LOOK_MS, REOPEN_MS } from '../../overlays/overlay.ts'

/**
 * Lua that sets `score`, by which what may be named as a cause (`<service>:<rule>`) stands in `{health}:causing`: 52 bits of its hash, for a name
 * in each member would take more memory. In two parts: where a long has 32 bits, Lua reads no longer ones.
 */
const scoreOf = (cause: string): string => `
    local hash = redis.sha1hex(${cause})
    local score = format('%.0f', tonumber(string.sub(hash, 1, 7), 16) * 16777216 + tonumber(string.sub(hash, 8, 13), 16))`

/**
 * Lua: the function `overlay(a)`, after NOW and ISO. `a` has the keys (`silences`, `causing`, `due`), which alert it is (`id`, `service`,
 * `rule`, `about`), what is kept of it (`held` of `HELD`), the fold (`wasState`, `wasSeverity`, `wasEpisode`, `state`, `severity`, `since`,
 * `episode`, `kind`, `cause`, `told`), `recovering`, `breaching`, `mayBeCausedBy`, and `act`, `actUntil`, `by`, `why` (JSON) of a person. Afterwards it has how the
 * alert stands, `messages`, `shown` (JSON for people) and what is to be kept: `told`, `overlay`, `isChanged`.
 */
export const OVERLAY = `
local function overlay(a)
  local function isOpen(state) return state == 'firing' or state == 'recovering' or state == 'unknown' end
  local wasOpen = isOpen(a.wasState)
  local isRead, o = pcall(cjson.decode, a.heldOverlay or '{}')
  if not isRead or type(o) ~= 'table' then o = {} end
  local toldWord, toldSeverity, heldFlaps = string.match(a.heldTold or '', '^(%l+) (%u+)(.*)$')
  if not toldWord then
    -- A server that has lost its memory hears from whoever had been told.
    if wasOpen or (not a.wasState and (a.cause == 'memory_lost' or a.kind == 'resolved')) then
      toldWord, toldSeverity = 'fired', a.wasSeverity or a.severity
    else toldWord, toldSeverity = 'nothing', 'WARNING' end
  end
  local actor = 'null'

  if o.hand and a.wasState then
    if not isOpen(a.state) then
      if not a.recovering then o.hand = nil end
    elseif now - o.hand.at < ${REOPEN_MS} or not a.breaching then
      a.state, a.severity, a.since, a.episode, a.kind = a.wasState, a.wasSeverity, a.wasSince, a.wasEpisode, nil
      a.isMasked = true
    else
      a.episode, a.since, a.kind, a.cause, a.told = a.wasEpisode, now, 'reopened', 'condition', 'null'
      o.hand = nil
    end
  end
  if a.act == 'resolve' and isOpen(a.state) then
    a.state, a.since, a.kind, a.cause, a.told, actor = 'resolved', now, 'resolved', 'manual', 'null', a.by
    a.isByHand = true
    o.hand = {by = cjson.decode('[' .. a.by .. ']')[1], why = cjson.decode('[' .. a.why .. ']')[1], at = now}
  end
  local open = isOpen(a.state)

  local silenced, wasSilenced, silencer = {}, o.silenced ~= nil, 'null'
  local labels
  local function covers(text)
    local s = cjson.decode(text)
    local holds = false
    for i = 1, #s.windows do holds = holds or (now >= s.windows[i][1] and now < s.windows[i][2]) end
    for i = 1, holds and #s.match or 0 do
      local want = s.match[i]
      local is
      if want[1] == 'service' then is = a.service
      elseif want[1] == 'rule' then is = a.rule
      elseif want[1] == 'severity' then is = a.severity
      elseif want[1] == 'alert' then is = a.id
      elseif want[1] == 'episode' then is = format('%.0f', a.episode)
      else
        labels = labels or cjson.decode('{' .. a.about .. '}').labels or {}
        is = labels[string.sub(want[1], 7)] or ''
      end
      local n = #want
      local from = #want[2] + 1
      if n == 2 then holds = holds and is == want[2]
      else
        holds = holds and string.sub(is, 1, from - 1) == want[2]
        for p = 3, n - 1 do
          local _, to = string.find(is, want[p], from, true)
          if to then from = to + 1 else holds = false end
        end
        holds = holds and #is - #want[n] + 1 >= from and string.sub(is, #is - #want[n] + 1) == want[n]
      end
    end
    return holds, type(s.by) == 'string' and cjson.encode(s.by) or 'null'
  end
  local all = call('HGETALL', a.silences)
  for i = 1, #all, 2 do
    -- What cannot be read silences nothing.
    local read, holds, by = pcall(covers, all[i + 1])
    if read and holds then silenced[#silenced + 1], silencer = all[i], by end
    if wasOpen and not open and ${endsWith('all[i + 1]', 'a.id', 'a.wasEpisode')} then
      a.ended = a.ended or {}
      a.ended[#a.ended + 1] = all[i]
    end
  end
  if silenced[2] then table.sort(silenced) end
  o.silenced = #silenced > 0 and silenced or nil

  local causeIsOpen = false
  if a.mayBeCausedBy ~= '' then
    for cause in string.gmatch(a.mayBeCausedBy, '%S+') do
${scoreOf('cause')}
      causeIsOpen = causeIsOpen or call('ZCOUNT', a.causing, score, score) > 0
    end
  end
  local flaps = {}
  for at in string.gmatch(heldFlaps or '', '%d+') do if now - at < ${FLAPPING_MS} then flaps[#flaps + 1] = at end end
  local endsFlapping = o.flapping and #flaps < ${FLAPS_END}
  local wasInhibited, wasAcked = o.inhibited, o.ack ~= nil
  o.inhibited = causeIsOpen or nil
  if endsFlapping then o.flapping = nil end

  local wasHeld = o.held ~= nil
  if not open then o.held = nil
  elseif not wasOpen and a.kind == 'fired' and a.mayBeCausedBy ~= '' and not causeIsOpen then
    o.held, a.kind = now + ${HOLD_MS}, nil
  elseif o.held and now < o.held then a.kind = nil
  elseif o.held then
    o.held = nil
    a.kind, a.cause, a.told = 'fired', 'condition', 'null'
  end

  local messages = {}
  local function isTold() return toldWord == 'fired' or toldWord == 'escalated' end
  local function tell(kind, cause, by, told)
    local deliver
    if kind == 'resolved' then deliver = isTold()
    elseif kind == 'silenced' or o.silenced or o.inhibited then deliver = false
    elseif kind == 'flapping_started' or kind == 'flapping_ended' then deliver = true
    elseif o.flapping then deliver = false
    elseif kind == 'acked' or kind == 'unacked' or kind == 'ack_expired' then deliver = isTold()
    else deliver = not (o.ack and now < o.ack['until']) end
    messages[#messages + 1] = {kind = kind, deliver = deliver and 'true' or 'false', cause = cause, actor = by or 'null', told = told or 'null'}
    if not deliver then return end
    local word
    if kind == 'resolved' then word = 'resolved'
    elseif kind == 'fired' or kind == 'reopened' or kind == 'deescalated' then word = 'fired'
    elseif kind == 'escalated' then word = 'escalated'
    elseif kind == 'updated' or kind == 'unknown' then
      if not isTold() then word = 'fired'
      elseif a.severity == toldSeverity then word = toldWord
      else word = a.severity == 'CRITICAL' and 'escalated' or 'fired' end
    end
    if word then toldWord, toldSeverity = word, a.severity end
  end

  if endsFlapping then tell('flapping_ended', 'condition') end
  if not open then o.ack = nil end
  if o.ack and now >= o.ack['until'] then
    o.ack = nil
    tell('ack_expired', 'condition')
  end
  if o.ack and a.wasSeverity == 'WARNING' and a.severity == 'CRITICAL' then
    o.ack = nil
    tell('unacked', 'condition')
  end
  if open and a.act == 'ack' then
    o.ack = {by = cjson.decode('[' .. a.by .. ']')[1], why = cjson.decode('[' .. a.why .. ']')[1], at = now, ['until'] = tonumber(a.actUntil)}
    tell('acked', 'manual', a.by)
  elseif o.ack and a.act == 'unack' then
    o.ack = nil
    tell('unacked', 'manual', a.by)
  end
  if wasOpen and open and not wasSilenced and o.silenced and not wasHeld then tell('silenced', 'silence', silencer) end
  if a.kind then
    tell(a.kind, a.cause, actor, a.told)
    if a.kind == 'resolved' then flaps[#flaps + 1] = format('%.0f', now) end
  end
  while #flaps > ${FLAPS_START} do table.remove(flaps, 1) end
  if not o.flapping and #flaps >= ${FLAPS_START} then
    o.flapping = true
    tell('flapping_started', 'condition')
  end
  local isQuiet = o.silenced or o.inhibited or o.flapping or o.held or o.ack
  if open and not isQuiet and (not isTold() or toldSeverity ~= a.severity) then
    local cause = 'condition'
    if wasSilenced then cause = 'silence'
    elseif wasInhibited then cause = 'inhibition'
    elseif endsFlapping then cause = 'flapping'
    elseif wasAcked then cause = 'ack' end
    tell('updated', cause, nil, toldWord ~= 'nothing' and '"' .. toldWord .. '"' or nil)
  end
  a.messages = messages
  if not open then o.silenced, o.inhibited = nil, nil end

  local due
  local function dueAt(at) if at and (not due or at < due) then due = at end end
  dueAt(o.ack and o.ack['until'])
  dueAt(o.held)
  if o.hand and o.hand.at + ${REOPEN_MS} > now then dueAt(o.hand.at + ${REOPEN_MS}) end
  dueAt(o.inhibited and now + ${INHIBITED_LOOK_MS})
  if o.flapping then dueAt(tonumber(flaps[#flaps - ${FLAPS_END - 1}] or now - ${FLAPPING_MS}) + ${FLAPPING_MS}) end

  local kept, shown = {}, {}
  local function person(p, more)
    return '{"by":' .. cjson.encode(p.by) .. ',"why":' .. cjson.encode(p.why) .. ',"at":' .. more
  end
  if o.ack then
    local at, till = format('%.0f', o.ack.at), format('%.0f', o.ack['until'])
    kept[#kept + 1] = '"ack":' .. person(o.ack, at .. ',"until":' .. till .. '}')
    shown[#shown + 1] = '"ack":' .. person(o.ack, '"' .. iso(o.ack.at) .. '","until":"' .. iso(o.ack['until']) .. '"}')
  end
  if o.hand then
    local at = format('%.0f', o.hand.at)
    kept[#kept + 1] = '"hand":' .. person(o.hand, at .. '}')
    shown[#shown + 1] = '"resolved_by_hand":' .. person(o.hand, '"' .. iso(o.hand.at) .. '"}')
  end
  if o.held then
    kept[#kept + 1] = '"held":' .. format('%.0f', o.held)
    shown[#shown + 1] = '"held_until":"' .. iso(o.held) .. '"'
  end
  if o.silenced then
    local ids = '"silenced":' .. cjson.encode(o.silenced)
    kept[#kept + 1], shown[#shown + 1] = ids, ids
  end
  if o.inhibited then kept[#kept + 1], shown[#shown + 1] = '"inhibited":true', '"inhibited":true' end
  if o.flapping then kept[#kept + 1], shown[#shown + 1] = '"flapping":true', '"flapping":true' end
  a.keep = #kept > 0 and '{' .. table.concat(kept, ',') .. '}' or nil
  a.shown = '{' .. table.concat(shown, ',') .. '}'
  a.keepTold = toldWord .. ' ' .. toldSeverity .. (flaps[1] and ' ' .. table.concat(flaps, ' ') or '')
  if open and a.keepTold == 'fired ' .. a.severity then a.keepTold = nil end
  a.isChanged = #messages > 0 or a.keep ~= a.heldOverlay or a.keepTold ~= a.heldTold

  -- What is caused by another alert causes none itself, or two could keep each other quiet.
  local critical = 'CRITICAL ' .. a.id
  if open and not o.inhibited and not o.held then
${scoreOf("a.service .. ':' .. a.rule")}
    call('ZADD', a.causing, score, a.id)
    if a.severity == 'CRITICAL' then
${scoreOf("a.service .. ':CRITICAL'")}
      call('ZADD', a.causing, score, critical)
    elseif a.wasSeverity == 'CRITICAL' then call('ZREM', a.causing, critical) end
  elseif wasOpen or o.held or o.inhibited then call('ZREM', a.causing, a.id, critical) end
  if due then call('ZADD', a.due, format('%.0f', due), a.service .. ' ' .. a.id)
  elseif a.heldOverlay then call('ZREM', a.due, a.service .. ' ' .. a.id) end
end`

/** The fields of the hash of an alert that `overlay` reads: `heldTold`, `heldOverlay`, `heldCauses`. */
export const OVERLAY_FIELDS = `'told', 'overlay', 'causes'`

/**
 * Lua: what `overlay` comes to where nothing lies over an alert that changes, as of most. This is what an alert waits for, and making a function
 * and its tables anew costs more than all of it. `lies` is set if it is so.
 */
export const NOTHING_OVER = `
local toldWord, toldSeverity, heldFlaps = string.match(held[5] or '', '^(%l+) (%u+)(.*)$')
if kind and by and not held[6] and not held[7] and (ARGV[9] or '') == '' and #(heldFlaps or '') < ${14 * (FLAPS_START - 1)}
  and call('EXISTS', KEYS[10]) == 0 then
  if toldWord then
  elseif wasOpen or (not wasState and (cause == 'memory_lost' or kind == 'resolved')) then toldWord, toldSeverity = 'fired', wasSeverity or severity
  else toldWord, toldSeverity = 'nothing', 'WARNING' end
  local isTold = toldWord == 'fired' or toldWord == 'escalated'
  local flaps = ''
  for each in string.gmatch(heldFlaps or '', '%d+') do
    if now - each < ${FLAPPING_MS} then flaps = flaps .. ' ' .. each end
  end
  if kind == 'resolved' then
    flaps = flaps .. ' ' .. format('%.0f', now)
    if isTold then toldWord, toldSeverity = 'resolved', severity end
  elseif kind == 'escalated' then toldWord, toldSeverity = 'escalated', severity
  elseif kind == 'fired' or kind == 'deescalated' or not isTold then toldWord, toldSeverity = 'fired', severity
  elseif severity ~= toldSeverity then toldWord, toldSeverity = severity == 'CRITICAL' and 'escalated' or 'fired', severity end
  local service, rule = string.match(about, '"service":"([^"]*)","rule":"([^"]*)"')
  local id = string.match(KEYS[1], '[^:]*$')
  if not isOpen then call('ZREM', KEYS[11], id, 'CRITICAL ' .. id)
  else
${scoreOf("service .. ':' .. rule")}
    call('ZADD', KEYS[11], score, id)
    if severity == 'CRITICAL' then
${scoreOf("service .. ':CRITICAL'")}
      call('ZADD', KEYS[11], score, 'CRITICAL ' .. id)
    elseif wasSeverity == 'CRITICAL' then call('ZREM', KEYS[11], 'CRITICAL ' .. id) end
  end
  local keepTold = toldWord .. ' ' .. toldSeverity .. flaps
  if isOpen and keepTold == 'fired ' .. severity then keepTold = nil end
  lies = {isChanged = true, shown = '{}', heldTold = held[5] or nil, keepTold = keepTold, mayBeCausedBy = '',
    messages = {{kind = kind, deliver = (kind ~= 'resolved' or isTold) and 'true' or 'false', cause = cause, actor = 'null', told = told}}}
end`

/** Lua that keeps what `overlay` made of the table `of`, before the state of the alert is written. */
export function keepOverlay(alert: string, of: string): string {
  return `
  if ${of}.keepTold ~= ${of}.heldTold then
    if ${of}.keepTold then call('HSET', ${alert}, 'told', ${of}.keepTold) else call('HDEL', ${alert}, 'told') end
  end
  if ${of}.keep ~= ${of}.heldOverlay then
    if ${of}.keep then call('HSET', ${alert}, 'overlay', ${of}.keep) else call('HDEL', ${alert}, 'overlay') end
  end
  if ${of}.mayBeCausedBy ~= (${of}.heldCauses or '') then call('HSET', ${alert}, 'causes', ${of}.mayBeCausedBy) end
  for _, silence in ipairs(${of}.ended or {}) do${takeOffSilence(`${of}.silences`, `${of}.due`, 'silence')}
  end`
}
