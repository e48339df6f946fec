/** `otel-health watch --alert`: watches over services until it is told to end, and says what it does. */
import { holdProcess, systemClock } from '../clock.ts'
import { Watcher, type WatcherEvent } from '../publish/watcher.ts'
import type { Cancel } from '../types.ts'
import { cleanJson } from '../wire/clean-text.ts'
import { toIso } from '../wire/iso-time.ts'
import type { RedisTarget } from '../wire/redis-client.ts'
import type { Io } from './commands.ts'
import { lost, settingsFrom, targetFrom } from './connection.ts'
import { OK } from './outcome.ts'
import { plain } from './text.ts'

/** Who has just lost the health Redis has found back to it by then. Milliseconds. */
const LONGEST_GRACE_MS = 10_000
const DAY_MS = 86_400_000

/** It stays though the health Redis cannot be reached, now or later. Data is what it has done, as JSON; for people all of it is talk. */
export async function watchAndAlert(io: Io): Promise<number> {
  const target = targetFrom(io.env)
  const { retentionHours, publishingInterval } = settingsFrom(io.env)
  const say = (event: WatcherEvent): void => {
    const text = sentenceOf(event, target)
    if (io.json) io.out(cleanJson({ at: toIso(systemClock.epochMs()), ...shown(event), text }))
    else io.talk(plain(text))
  }
  const watcher = new Watcher({
    ...{ target, clock: systemClock, retentionMs: retentionHours * 3_600_000, say },
    graceMs: Math.min(3 * publishingInterval * 1000, LONGEST_GRACE_MS),
  })
  const release = holdForEver()
  const ended = new Promise((resolve) => {
    io.signal.addEventListener('abort', resolve, { once: true })
  })
  watcher.start()
  if (!io.signal.aborted) await ended
  await watcher.stop()
  release()
  return OK
}

/** While there is no connection nothing else does. */
function holdForEver(): Cancel {
  let release: Cancel = () => {}
  const hold = (): void => {
    release = holdProcess(DAY_MS, hold)
  }
  hold()
  return () => release()
}

function shown(event: WatcherEvent): object {
  return event.event === 'refused' ? { event: 'refused' } : event
}

function sentenceOf(event: WatcherEvent, target: RedisTarget): string {
  const at = `the health Redis at ${target.host}:${target.port}`
  switch (event.event) {
    case 'connected':
      return `Connected to ${at}: services that fall silent are noticed.`
    case 'lost':
      return `No connection to ${at} (${event.reason}): nobody is watched over from here until it is back; trying again.`
    case 'refused':
      return lost(target, event.error).message
    case 'turn': {
      const where = (target.shards ?? 1) > 1 ? ` in shard ${event.shard}` : ''
      return event.isMine ? `It is the turn of this one${where}.` : `It is the turn of another one${where}.`
    }
    case 'done':
      return doneSentence(event)
  }
}

function doneSentence(done: Extract<WatcherEvent, { event: 'done' }>): string {
  switch (done.did) {
    case 'silent':
      return `${done.service} is silent: service_silent was raised.`
    case 'forgotten':
      return `${done.service} was forgotten: nothing has been heard of it for a day.`
    case 'overlay': {
      const [what, id] = done.member.split(' ')
      return what === 'silence' ? `The silence ${id} began or ended.` : `What lies over the alert ${id} of ${what} changed.`
    }
  }
}
