/** A request of a person: into the stream, what is desired from now on, and the record of who did it, in one step. */
import type { ShardNames } from '../names.ts'
import { NOW, type Script } from './script.ts'

/** Requests that are kept of a service. */
export const MOST_REQUESTS = 500
/** Streams of requests and answers end so long after their last entry. Milliseconds. */
export const REQUESTS_KEPT_MS = 30 * 86_400_000
/** What is desired is forgotten when nothing was asked of the service for so long. Milliseconds. */
const DESIRED_KEPT_MS = 90 * 86_400_000
/** What an instance is to be is forgotten so long after it was asked, once nothing is heard of the instance. Milliseconds. */
export const INSTANCE_KEPT_MS = 86_400_000
/** The request is signed over the time of this clock: that far at most it may have moved on meanwhile. Milliseconds. */
const FURTHEST_OFF_MS = 5000
/** Instances that are asked at once. */
export const MOST_ASKED = 1000
/** So many of the last requests may be one that is sent again. */
const MOST_SENT_AGAIN = 20
/** Actions that are recorded, about. */
const MOST_AUDITED = 10_000

/**
 * Asked is who was alive when its status was looked at and is still on the list, and who has beaten since; what does not run is asked to
 * start, restart or stop for good, if a supervisor says that it could start it. A resume of one instance while all are to be something else is
 * kept beside that. Sent again it is written once.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | `{health}:requests:<service>` | 1 | the request, as it was signed |
 * | 2 | `{health}:desired:<service>` | 2 | its time (ms) |
 * | 3 | `{health}:audit` | 3 | action |
 * | 4 | `{health}:instances:<service>` | 4 | instance, or `*` |
 * | 5 | `{health}:down:<service>` | 5 | what becomes of what is desired: `set`, `remove` or `keep` |
 * | | | 6 | names of instances that were alive (JSON) |
 * | | | 7… | names and values of the record in turns |
 *
 * Answers {`1`, id of the entry, who was asked…}; {`0`} where its time is more than 5 s off; {`2`} where nobody is there to ask. Nothing is
 * written then.
 */
export const REQUEST: Script = {
  numberOfKeys: 5,
  lua: `${NOW}
-- A client whose connection was lost before the answer may send it again by itself.
for _, entry in ipairs(call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', '${MOST_SENT_AGAIN}')) do
  local fields = entry[2]
  if fields[1] == 'd' and fields[2] == ARGV[1] and fields[3] == 'to' then
    return {'1', entry[1], (table.unpack or unpack)(cjson.decode(fields[4]))}
  end
end
if math.abs(now - ARGV[2]) > ${FURTHEST_OFF_MS} then return {'0'} end
local action, whom = ARGV[3], ARGV[4]
local asked, isAsked, wasAlive = {}, {}, {}
for _, name in ipairs(cjson.decode(ARGV[6])) do wasAlive[name] = true end
local function ask(name)
  if (whom == '*' or whom == name) and not isAsked[name] and #asked < ${MOST_ASKED} then
    isAsked[name] = true
    asked[#asked + 1] = name
  end
end
local listed = call('ZRANGE', KEYS[4], '0', '-1', 'WITHSCORES')
for i = 1, #listed, 2 do
  if wasAlive[listed[i]] or (action ~= 'start' and tonumber(listed[i + 1]) > tonumber(ARGV[2])) then ask(listed[i]) end
end
if action == 'start' or action == 'restart' or action == 'stop' then
  for _, name in ipairs(call('ZRANGEBYSCORE', KEYS[5], format('%.0f', now), '+inf')) do ask(name) end
end
if #asked == 0 then return {'2'} end
-- First, for what was written before an error stays: nothing is asked of which there is no record.
call('XADD', KEYS[3], 'MAXLEN', '~', '${MOST_AUDITED}', '*', (table.unpack or unpack)(ARGV, 7))

-- To start is not to resume: what is to be paused stays so.
local function startUnlessPaused()
  local isPaused, held = {}, call('HGETALL', KEYS[2])
  for i = 1, #held, 2 do
    local isRead, request = pcall(cjson.decode, held[i + 1])
    isPaused[held[i]] = isRead and type(request) == 'table' and request.action == 'pause'
  end
  if whom == '*' then
    for name, isSo in pairs(isPaused) do
      if not isSo then call('HDEL', KEYS[2], name) end
    end
  elseif isPaused[whom] or (isPaused[whom] == nil and isPaused['*']) then return
  elseif isPaused['*'] == false then call('HSET', KEYS[2], whom, ARGV[1])
  else call('HDEL', KEYS[2], whom) end
end
if ARGV[5] == 'set' then
  if whom == '*' then call('DEL', KEYS[2]) end
  call('HSET', KEYS[2], whom, ARGV[1])
elseif ARGV[5] == 'remove' then
  if action == 'start' then startUnlessPaused()
  elseif whom == '*' then call('DEL', KEYS[2])
  elseif call('HEXISTS', KEYS[2], '*') == 1 then call('HSET', KEYS[2], whom, ARGV[1])
  else call('HDEL', KEYS[2], whom) end
end
local held = call('HGETALL', KEYS[2])
for i = 1, #held, 2 do
  local name = held[i]
  local isRead, request = pcall(cjson.decode, held[i + 1])
  local at = isRead and type(request) == 'table' and tonumber(request.at) or 0
  local ends = isRead and type(request) == 'table' and tonumber(request['until'])
  local isGone = name ~= '*' and at < now - ${INSTANCE_KEPT_MS} and not call('ZSCORE', KEYS[4], name) and not call('ZSCORE', KEYS[5], name)
  if at == 0 or isGone or (ends and ends <= now) then call('HDEL', KEYS[2], name) end
end
call('PEXPIRE', KEYS[2], '${DESIRED_KEPT_MS}')

local id = call('XADD', KEYS[1], 'MAXLEN', '${MOST_REQUESTS}', '*', 'd', ARGV[1], 'to', cjson.encode(asked))
call('PEXPIRE', KEYS[1], '${REQUESTS_KEPT_MS}')
return {'1', id, (table.unpack or unpack)(asked)}`,
}

export type RequestReply = readonly [outcome: '0' | '1' | '2', entry?: string, ...asked: string[]]

/** KEYS of REQUEST. */
export function requestKeys(names: ShardNames, service: string): readonly string[] {
  return [names.requests(service), names.desired(service), names.audit, names.instances(service), names.down(service)]
}
