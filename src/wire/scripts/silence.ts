/**
 * service_silent: no instance of a service has given a sign of life for three of its publishing intervals, and the last of them had not said
 * that it stops.
 * It is not folded of what instances say, for there is none to say it: whoever notices writes it, and the service's next beat resolves it.
 */
import { SERVICE_SILENT } from '../../catalogue.ts'
import type { ShardNames } from '../names.ts'
import { takeReplacedOff } from './restarts.ts'
import { endsWith, takeOffSilence } from './ending-silence.ts'
import { keepOverlay, OVERLAY, OVERLAY_FIELDS } from './overlay.ts'
import { ISO, KEPT_AFTER_RESOLVE_MS, META, NOW, publish, tell, type Script } from './script.ts'

/** Instances that are named; of more it is said how many. */
const MOST_INSTANCES = 100

/**
 * Lua that fires or resolves it, unless it is so already or its document is of another version. `of` has the keys (`alert`, `open`, `openOf`,
 * `stream`, `meta`, `silences`, `causing`, `overlayDue`) and what is to be said.
 */
export const TELL_SILENCE = `
  local held = call('HMGET', of.alert, 'doc', 'fold', ${OVERLAY_FIELDS})
  local wasState, wasSince, wasEpisode = string.match(held[2] or '', '^(%l+) %u+ (%d+) (%d+) ')
  local isKnown = not held[1] or string.sub(held[1], 1, 7) == '{"v":1,'
  local isNews = (wasState == 'firing') ~= (of.state == 'firing')
  if isKnown and (isNews or held[4]) then
    ${OVERLAY}
    local about = '"alert_id":"' .. of.id .. '","service":"' .. of.service .. '","rule":"${SERVICE_SILENT}"'
    local lies = {silences = of.silences, causing = of.causing, due = of.overlayDue, id = of.id, service = of.service,
      rule = '${SERVICE_SILENT}', about = about, heldTold = held[3] or nil, heldOverlay = held[4] or nil,
      wasState = wasState, wasSeverity = wasState and 'CRITICAL', wasSince = tonumber(wasSince), wasEpisode = wasEpisode,
      state = of.state, severity = 'CRITICAL', since = isNews and now or tonumber(wasSince),
      episode = (wasEpisode or 0) + (isNews and of.state == 'firing' and 1 or 0),
      kind = isNews and (of.state == 'firing' and 'fired' or 'resolved') or nil, cause = of.cause, told = 'null',
      breaching = true, mayBeCausedBy = '', act = ''}
    overlay(lies)
    if not lies.isMasked and lies.isChanged then
      local meta = ${META('of.meta')}
      local rev, epoch
      local episode = format('%.0f', lies.episode)
      local fields = about .. ',"episode":' .. episode .. ',"scope":"shared","severity":"CRITICAL","state":"' .. lies.state
        .. '","since":"' .. iso(lies.since) .. '","message":"' .. of.sentence .. '","value":{"current":' .. of.seconds
        .. ',"threshold":null,"unit":"s"},"instances":{' .. of.instances .. '}'
      if lies.state == 'firing' and isNews then
        call('ZADD', of.open, format('%.0f', now), of.id)
        call('SADD', of.openOf, of.id)
        call('PERSIST', of.alert)
      end
      local messages = {}
      for _, say in ipairs(lies.messages) do
        local message
${tell('of.stream', 'of.meta', `'"type":"' .. say.kind .. '","deliver":' .. say.deliver .. ',' .. fields .. ',"overlays":' .. lies.shown .. ',"cause":"' .. say.cause .. '","actor":' .. say.actor .. ',"told":' .. say.told`, { retention: 'of.retention', epochs: 'of.epochs' })}
        meta = {rev, epoch, at}
        messages[#messages + 1] = message
      end
      rev = rev or call('HGET', of.alert, 'rev') or '0'
${keepOverlay('of.alert', 'lies')}
      call('HSET', of.alert, 'rev', rev, 'doc', '{"v":1,"rev":' .. rev .. ',' .. fields
        .. (lies.shown ~= '{}' and ',"overlays":' .. lies.shown or '') .. '}',
        'fold', lies.state .. ' CRITICAL ' .. format('%.0f', lies.since) .. ' ' .. episode .. ' shared')
      if lies.state ~= 'firing' then
        call('PEXPIRE', of.alert, '${KEPT_AFTER_RESOLVE_MS}')
        call('ZREM', of.open, of.id)
        call('SREM', of.openOf, of.id)
      end
      for _, message in ipairs(messages) do${publish('of.channel', 'message')}
      end
    end
  end`

/**
 * Looks again whether a service is overdue, and says so. It is forgotten when nothing has been heard of it for long.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:alert:<id of service_silent>` | 1, 2 | service, alert id |
 * | 2 | `{health}:open` | 3, 4 | channel, retention (ms) |
 * | 3 | `{health}:open:<service>` | 5 | begins the name of a new epoch |
 * | 4 | `{health}:alerts` | 6 | forgotten after (ms) |
 * | 5 | `{health}:meta` | 7 | looked at again after (ms) while alerts are open: what was said after the last beat is gone later |
 * | 6 | `{health}:due` | | |
 * | 7 | `{health}:services` | | |
 * | 8 | `{health}:instances:<service>` | | |
 * | 9 | `{health}:silent` | | |
 * | 10 | `{health}:starts:<service>` | | |
 * | 11 | `{health}:restarts:<service>` | | |
 * | 12 to 14 | `{health}:silences`, `{health}:causing`, `{health}:overlay-due` | | |
 * | 15 | `{health}:draining:<service>` | | |
 *
 * Answers `0`: not overdue. `1`: silent, as it was. `2`: all of its instances have stopped or were replaced by such that have, or it counts as
 * stopped when nothing is heard of it. `3`: forgotten. `4`: silent, which was told just now.
 */
export const SILENCE: Script = {
  numberOfKeys: 15,
  lua: `${NOW}${ISO}
local unheard
local due = tonumber(call('ZSCORE', KEYS[6], ARGV[1]) or '0')
if due == 0 or due > now then return '0' end
if call('HGET', KEYS[1], 'off') then call('DEL', KEYS[8]) end
${takeReplacedOff({ instances: 'KEYS[8]', starts: 'KEYS[10]', restarts: 'KEYS[11]', draining: 'KEYS[15]', unheardSince: 'now' })}
local listed = call('ZREVRANGE', KEYS[8], '0', '-1', 'WITHSCORES')
local forget = tonumber(ARGV[6])
if #listed == 0 then
  local forgotten = tonumber(call('ZSCORE', KEYS[7], ARGV[1]) or '0') + forget
  if forgotten <= now then call('ZREM', KEYS[7], ARGV[1]) end
  if call('SCARD', KEYS[3]) > 0 then call('ZADD', KEYS[6], format('%.0f', now + ARGV[7]), ARGV[1])
  elseif forgotten <= now then call('ZREM', KEYS[6], ARGV[1])
  else call('ZADD', KEYS[6], format('%.0f', forgotten), ARGV[1]) end
  return '2'
end
local last = math.min(tonumber(listed[2]), now)
local seconds = math.floor((now - last) / 1000 + 0.5)
local lasted = seconds < 120 and format('%.0f', seconds) .. ' s' or seconds < 7200 and format('%.0f', math.floor(seconds / 60)) .. ' min'
  or format('%.0f', math.floor(seconds / 3600)) .. ' h'
local isForgotten = now - last >= forget
local instances = {}
if not isForgotten then
  for i = 1, math.min(#listed, ${2 * MOST_INSTANCES}), 2 do
    local at = iso(math.min(tonumber(listed[i + 1]), now))
    instances[#instances + 1] = cjson.encode(listed[i]) .. ':{"state":"gone","severity":"CRITICAL","since":"' .. at
      .. '","breaching":true,"seen":"' .. at .. '"}'
  end
  call('ZADD', KEYS[9], format('%.0f', last), ARGV[1])
end
local of = {alert = KEYS[1], open = KEYS[2], openOf = KEYS[3], stream = KEYS[4], meta = KEYS[5], service = ARGV[1], id = ARGV[2],
  silences = KEYS[12], causing = KEYS[13], overlayDue = KEYS[14],
  channel = ARGV[3], retention = ARGV[4], epochs = ARGV[5], seconds = format('%.0f', seconds), instances = table.concat(instances, ','),
  state = isForgotten and 'resolved' or 'firing', cause = isForgotten and 'instance_gone' or 'condition',
  sentence = isForgotten and ARGV[1] .. ' is forgotten: nothing has been heard of it for ' .. lasted
    or 'No instance of ' .. ARGV[1] .. ' is alive: the last that did not say that it stops was '
      .. (call('ZSCORE', KEYS[15], listed[1]) and 'draining, and ' or '') .. 'heard of ' .. lasted
      .. ' ago (limit 3 publishing intervals)'}
${TELL_SILENCE}
if isForgotten then
  call('ZREM', KEYS[9], ARGV[1])
  call('ZREM', KEYS[7], ARGV[1])
  call('DEL', KEYS[8], KEYS[15])
  call('ZREM', KEYS[6], ARGV[1])
  return unheard or '3'
end
local nextLook = call('SCARD', KEYS[3]) > 1 and math.min(now + ARGV[7], last + forget) or last + forget
call('ZADD', KEYS[6], format('%.0f', nextLook), ARGV[1])
return unheard or (isKnown and isNews and '4' or '1')`,
}

export type SilenceReply = '0' | '1' | '2' | '3' | '4'

/**
 * Ends an open alert of which nobody is left who could say that it is over.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:alert:<id>` | 1 | alert id |
 * | 2 | `{health}:alert:<id>:instances` | 2, 3 | channel, retention (ms) |
 * | 3 | `{health}:open` | 4 | begins the name of a new epoch |
 * | 4 | `{health}:open:<service>` | 5 | unknown for at least (ms) |
 * | 5 | `{health}:alerts` | 6, 7 | cause, actor (JSON) |
 * | 6 | `{health}:meta` | 8 | sentence (JSON) |
 * | 7, 8, 9 | `{health}:causing`, `{health}:overlay-due`, `{health}:silences` | | |
 *
 * Answers `1`, or `0` if the alert is not unknown for so long.
 */
export const FORGET: Script = {
  numberOfKeys: 9,
  lua: `${NOW}${ISO}
local unheard
local held = call('HMGET', KEYS[1], 'doc', 'fold', 'told')
local state, severity, since, episode, scope = string.match(held[2] or '', '^(%l+) (%u+) (%d+) (%d+) (%l+)$')
if not held[1] or string.sub(held[1], 1, 7) ~= '{"v":1,' or state ~= 'unknown' or now - since < tonumber(ARGV[5]) then return '0' end
local about = string.match(held[1], '^{"v":1,"rev":%d+,(.*),"episode":%d+,"scope":')
local fields = about .. ',"episode":' .. episode .. ',"scope":"' .. scope .. '","severity":"' .. severity .. '","state":"resolved","since":"'
  .. iso(now) .. '","message":' .. ARGV[8] .. ',"value":null,"instances":{}'
local service = string.match(about, '"service":"([^"]*)"')
local toldWord, flaps = string.match(held[3] or 'fired WARNING', '^(%l+) %u+(.*)$')
local isTold = toldWord == 'fired' or toldWord == 'escalated'
local meta = ${META('KEYS[6]')}
local rev, epoch, message
${tell('KEYS[5]', 'KEYS[6]', `'"type":"resolved","deliver":' .. (isTold and 'true' or 'false') .. ',' .. fields .. ',"overlays":{},"cause":"' .. ARGV[6] .. '","actor":' .. ARGV[7] .. ',"told":null'`, { retention: 'ARGV[3]', epochs: 'ARGV[4]' })}
call('HSET', KEYS[1], 'rev', rev, 'doc', '{"v":1,"rev":' .. rev .. ',' .. fields .. '}', 'fold', 'resolved ' .. severity .. ' '
  .. format('%.0f', now) .. ' ' .. episode .. ' ' .. scope)
if isTold then call('HSET', KEYS[1], 'told', 'resolved ' .. severity .. flaps) end
call('HDEL', KEYS[1], 'overlay')
call('ZREM', KEYS[7], ARGV[1], 'CRITICAL ' .. ARGV[1])
call('ZREM', KEYS[8], service .. ' ' .. ARGV[1])
local silences = call('HGETALL', KEYS[9])
for i = 1, #silences, 2 do
  if ${endsWith('silences[i + 1]', 'ARGV[1]', 'episode')} then${takeOffSilence('KEYS[9]', 'KEYS[8]', 'silences[i]')}
  end
end
call('PEXPIRE', KEYS[1], '${KEPT_AFTER_RESOLVE_MS}')
call('DEL', KEYS[2])
call('ZREM', KEYS[3], ARGV[1])
call('SREM', KEYS[4], ARGV[1])
do${publish('ARGV[2]', 'message')}
end
return unheard or '1'`,
}

/** KEYS of SILENCE. */
export function silenceKeys(names: ShardNames, silentId: string, service: string): readonly string[] {
  return [
    ...[names.alert(silentId), names.open, names.openOf(service), names.alerts, names.meta, names.due, names.services],
    ...[names.instances(service), names.silent, names.starts(service), names.restarts(service)],
    ...[names.silences, names.causing, names.overlayDue, names.draining(service)],
  ]
}

/** KEYS of FORGET. */
export function forgetKeys(names: ShardNames, alertId: string, service: string): readonly string[] {
  return [
    names.alert(alertId),
    names.entries(alertId),
    names.open,
    names.openOf(service),
    names.alerts,
    names.meta,
    names.causing,
    names.overlayDue,
    names.silences,
  ]
}
