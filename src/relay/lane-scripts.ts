/** The Lua of the relay. Every key is declared, and numbers go in and out as text, as in src/wire/scripts.ts. */

import { MAX_MESSAGE_BYTES } from '../wire/sizes.ts'

/**
 * Claims the target, or goes on holding it. Answers {0} where another holds it, else {1, cursor, epoch} of the position; what is not there
 * is ''.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | the claim | 1, 2 | who asks, how long the claim lasts (ms) |
 * | 2 | the position | | |
 */
export const CLAIM = {
  numberOfKeys: 2,
  lua: `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return {0} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local position = redis.call('HMGET', KEYS[2], 'cursor', 'epoch')
return {1, position[1] or '', position[2] or ''}`,
} as const

/**
 * Reads on; an entry that is larger than a message is not carried about. It is apart from the claim and writes nothing, so that a relay
 * needs no right to write to the stream. Answers {epoch, seq, id of the oldest entry, id of the newest, {{id, message}, …}}; what is not
 * there is ''.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1, 2 | alerts, meta | 1 | entries after this id are wanted; '': none |
 * | | | 2 | at most so many |
 */
export const READ = {
  numberOfKeys: 2,
  lua: `
local meta = redis.call('HMGET', KEYS[2], 'epoch', 'seq')
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local entries = {}
if ARGV[1] ~= '' and tonumber(ARGV[2]) > 0 then
  local read = redis.call('XREAD', 'COUNT', ARGV[2], 'STREAMS', KEYS[1], ARGV[1])
  for _, entry in ipairs(read and read[1][2] or {}) do
    local message = ''
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'd' and #entry[2][i + 1] <= ${MAX_MESSAGE_BYTES} then message = entry[2][i + 1] end
    end
    entries[#entries + 1] = {entry[1], message}
  end
end
return {meta[1] or '', meta[2] or '0', oldest and oldest[1] or '', newest and newest[1] or '', entries}`,
} as const

/**
 * Moves the position and changes what the target has been told, if the claim is still held by who asks. Answers 1, or 0 if it is not.
 *
 * | KEYS | | ARGV | |
 * |---|---|---|---|
 * | 1 | the claim | 1, 2 | who asks, how long the claim lasts (ms) |
 * | 2 | the position | 3, 4 | cursor, epoch |
 * | 3 | what was told | 5… | alert id and record, in turn; an empty record is taken away |
 */
export const ADVANCE = {
  numberOfKeys: 3,
  lua: `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], 'cursor', ARGV[3], 'epoch', ARGV[4])
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[3], ARGV[i]) else redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
end
return 1`,
} as const

/** Gives the claim (KEYS 1) back, if it is held by who asks (ARGV 1). */
export const RELEASE = {
  numberOfKeys: 1,
  lua: `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
} as const
