import { noteStart, startOf, takeDrainedOff, takeReplacedOff } from './restarts.ts'
import { ISO, KEPT_AFTER_RESOLVE_MS, NOW, publish, type Script } from './script.ts'
import { TELL_SILENCE } from './silence.ts'

/**
 * One status message: kept until it is silence, counted as a sign of life, published. The last one of an instance that stops takes the
 * instance off the list; the service stays on its own until it is forgotten, for whoever asks what became of it. One that another has replaced
 * is taken off the list as well, and so is one that was draining when it was heard of last.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:status:<service>:<instance>` | 1, 2 | channel, message |
 * | 2 | `{health}:services` | 3 | kept for (ms) |
 * | 3 | `{health}:instances:<service>` | 4, 5 | service, instance |
 * | 4 | `{health}:due` | 6 | other instances are forgotten after (ms) |
 * | 5 | `{health}:meta` | 7 | `first` of its process, until one was answered; `alive` or `stopped` |
 * | 6 | `{health}:watcher` | 8, 9 | channel of alerts, retention (ms) |
 * | 7 | `{health}:alert:<id of service_silent>` | 10 | begins the name of a new epoch |
 * | 8 | `{health}:open` | 11 | id of service_silent |
 * | 9 | `{health}:open:<service>` | 12 | watches for (ms) |
 * | 10 | `{health}:alerts` | | |
 * | 11 | `{health}:silent` | 13 | the process, by a name that no other has |
 * | 12 | `{health}:starts:<service>` | 14 | `watched`, or `unwatched`: when nothing is heard of the service it counts as stopped |
 * | 13 | `{health}:restarts:<service>` | | |
 * | 14 to 16 | `{health}:silences`, `{health}:causing`, `{health}:overlay-due` | 15 | `draining`, or `staying` |
 * | 17 | `{health}:draining:<service>` | | |
 *
 * Answers {epoch, whether the message before it was still kept and nobody had taken its place (`1` or `0`), ms until the next service is due, whether it is this
 * instance's turn to watch, ms of the server's clock}.
 */
export const BEAT: Script = {
  numberOfKeys: 17,
  lua: `${NOW}${ISO}
local unheard
local at = format('%.0f', now)
local wasKept = call('EXISTS', KEYS[1])
call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
call('ZREMRANGEBYSCORE', KEYS[3], '-inf', format('%.0f', now - ARGV[6]))
local isSilent = call('ZSCORE', KEYS[11], ARGV[4])
if ARGV[7] == 'stopped' then
  call('ZREM', KEYS[3], ARGV[5])
  call('ZREM', KEYS[17], ARGV[5])
  local start = ${startOf('ARGV[13]', 'ARGV[5]')}
  local startedAt = call('ZSCORE', KEYS[12], start)
  if startedAt then
    call('ZREM', KEYS[12], start)
    call('ZADD', KEYS[12], startedAt, '-' .. start)
  end
  for _, member in ipairs(call('ZRANGE', KEYS[13], '0', '-1')) do
    if string.find(member, ARGV[13] .. ' ', 1, true) == 1 then call('ZREM', KEYS[13], member) end
  end
  -- Those of which nothing was heard for so long were missed while this one was alive: it is not silence that begins now.
  if call('ZCOUNT', KEYS[3], format('%.0f', now - ARGV[3]), '+inf') == 0 then call('DEL', KEYS[3]) end
  call('ZADD', KEYS[2], at, ARGV[4])
  if call('EXISTS', KEYS[3]) == 0 then call('ZADD', KEYS[4], format('%.0f', now + ARGV[3]), ARGV[4]) end
else
  local isBack = call('EXISTS', KEYS[3]) == 0
  local isListed = call('ZADD', KEYS[3], at, ARGV[5]) == 0
  local wasDraining = call('ZREM', KEYS[17], ARGV[5]) == 1
  if ARGV[15] == 'draining' then
    call('ZADD', KEYS[17], at, ARGV[5])
    call('PEXPIRE', KEYS[17], ARGV[6])
  end
  call('ZADD', KEYS[2], at, ARGV[4])
  if ARGV[7] == 'first' then
    if ARGV[14] == 'watched' then call('HDEL', KEYS[7], 'off') end${noteStart({ starts: 'KEYS[12]', restarts: 'KEYS[13]', process: 'ARGV[13]', me: 'ARGV[5]', isListed: '(isListed and not wasDraining)' })}
  elseif not isListed then
    wasKept = 0
    for _, member in ipairs(call('ZRANGE', KEYS[13], '0', '-1')) do
      if string.sub(member, -string.len(ARGV[5]) - 1) == ' ' .. ARGV[5] then call('ZREM', KEYS[13], member) end
    end
  end
  if ARGV[14] == 'unwatched' then
    call('HSET', KEYS[7], 'off', '1')
    call('PEXPIRE', KEYS[7], '${KEPT_AFTER_RESOLVE_MS}')
  end
${takeDrainedOff({ instances: 'KEYS[3]', draining: 'KEYS[17]', unheardSince: 'now - ARGV[3] * 2 / 3' })}
${takeReplacedOff({ instances: 'KEYS[3]', starts: 'KEYS[12]', restarts: 'KEYS[13]', draining: 'KEYS[17]', unheardSince: 'now - ARGV[3] * 2 / 3' })}
  local due = (isSilent or isBack) and 0 or tonumber(call('ZSCORE', KEYS[4], ARGV[4]) or '0')
  if due < now + ARGV[3] then call('ZADD', KEYS[4], format('%.0f', now + ARGV[3]), ARGV[4]) end
end
local epoch = call('HGET', KEYS[5], 'epoch')
if not epoch then
  epoch = ARGV[10] .. '-' .. at
  call('HSET', KEYS[5], 'epoch', epoch)
end
if isSilent then
  local of = {alert = KEYS[7], open = KEYS[8], openOf = KEYS[9], stream = KEYS[10], meta = KEYS[5], service = ARGV[4], id = ARGV[11],
    silences = KEYS[14], causing = KEYS[15], overlayDue = KEYS[16],
    channel = ARGV[8], retention = ARGV[9], epochs = ARGV[10], state = 'resolved', cause = 'condition', seconds = '0',
    sentence = ARGV[4] .. (ARGV[7] == 'stopped' and ' says that it stops' or ' gives signs of life again'),
    instances = cjson.encode(ARGV[5]) .. ':{"state":"resolved","severity":"CRITICAL","since":"' .. iso(now) .. '","breaching":false,"seen":"'
      .. iso(now) .. '"}'}
${TELL_SILENCE}
  call('ZREM', KEYS[11], ARGV[4])
end
local watcher = call('GET', KEYS[6])
if not watcher or watcher == ARGV[5] then
  watcher = ARGV[5]
  call('SET', KEYS[6], watcher, 'PX', ARGV[12])
end
local nextDue = call('ZRANGE', KEYS[4], '0', '0', 'WITHSCORES')[2]
do${publish('ARGV[1]', 'ARGV[2]')}
end
if unheard then return unheard end
return {epoch, format('%.0f', wasKept), nextDue and format('%.0f', nextDue - now) or '', watcher == ARGV[5] and '1' or '0', at}`,
}
