/** The silences and maintenance windows that people make. They are in every shard, but for one that ends with its alert: that is beside it. */
import { randomBytes } from 'node:crypto'

import { episodeNamedBy, matcherOfEpisode, parseMatcher, type Episode, type Match } from '../overlays/matcher.ts'
import { checkRepeat, type Repeat, type Window } from '../overlays/repeat.ts'
import { encodeSilence, isInForce, nextChange, parseSilence, withWindows, type Silence } from '../overlays/silence.ts'
import type { ShardNames } from '../wire/names.ts'
import { dueSilence, lookAfterSilence } from '../wire/overlay-looks.ts'
import type { Audit } from './audit.ts'
import { onlyById } from './by-id.ts'
import type { ControlConnection } from './control-connection.ts'
import { ControlError } from './control-error.ts'
import type { Said } from './said.ts'

export interface SilenceMade {
  readonly id: string
  readonly matcher: string
  /** Epoch milliseconds of its first window. */
  readonly from: number
  readonly until: number
  /** Open alerts that it matches now. */
  readonly matching: number
}

/** A silence, and how it stands. */
export interface SilenceView extends Silence {
  readonly inForce: boolean
  /** Epoch milliseconds. */
  readonly nextChange?: number | undefined
  /** It is over with this episode of an alert, however long its window is. */
  readonly endsWith?: Episode | undefined
}

/** One that has been made, extended or ended. */
export interface SilenceChanged {
  readonly id: string
  readonly matcher: string
  readonly match: readonly Match[]
  /** Epoch milliseconds of its first window. */
  readonly from: number
  readonly until: number
}

export interface SilencesOptions {
  readonly connection: ControlConnection
  readonly shards: readonly ShardNames[]
  readonly retentionMs: number
  /** Begins the name of an epoch, should a look begin one. */
  readonly epochs: string
  readonly audit: (action: string, said: Said, about: Audit) => Audit
}

const MOST_SILENCES = 200
const DAY_MS = 86_400_000
const LONGEST_MS = 366 * DAY_MS
/** Of one that ends with its alert: nobody is to be deaf for ever because an alert does not end. */
const LONGEST_UNTIL_RESOLVED_MS = 7 * DAY_MS

type Windows = Pick<Silence, 'windows' | 'repeat'>

interface Kept extends SilenceView {
  /** Where it is. */
  readonly shards: readonly ShardNames[]
}

export class Silences {
  readonly #options: SilencesOptions

  constructor(options: SilencesOptions) {
    this.#options = options
  }

  /** `begin`: epoch milliseconds, default now. */
  async make(matcher: string, said: Said, forMs: number, begin?: number): Promise<SilenceChanged> {
    checkLength(forMs, LONGEST_MS)
    const parsed = asked(() => parseMatcher(matcher))
    if (episodeNamedBy(parsed)) {
      throw new ControlError('asked', `The matcher ${JSON.stringify(matcher)} names an episode: silence the alert until it is resolved.`)
    }
    return this.#make('silence', parsed, said, this.#options.shards, (now) => {
      const from = Math.round(begin ?? now)
      const until = from + Math.round(forMs)
      if (until <= now) throw new ControlError('asked', 'The silence is over before it begins: give it a later end.')
      return { windows: [[from, until]] }
    })
  }

  async repeat(matcher: string, said: Said, repeat: Repeat): Promise<SilenceChanged> {
    asked(() => checkRepeat(repeat))
    const parsed = asked(() => parseMatcher(matcher))
    return this.#make('maintenance', parsed, said, this.#options.shards, (now) => withWindows({ windows: [], repeat }, now))
  }

  /** Until this episode, which is open, is over. `about`: the alert, for the record. */
  async makeUntilOver(episode: Episode, names: ShardNames, said: Said, about: Audit): Promise<SilenceChanged> {
    const windows = (now: number): Windows => ({ windows: [[now, now + LONGEST_UNTIL_RESOLVED_MS]] })
    return this.#make('silence', parseMatcher(matcherOfEpisode(episode)), said, [names], windows, about)
  }

  /** Those that are next to change first. */
  async list(): Promise<readonly SilenceView[]> {
    return (await this.#all()).map(({ shards: _shards, ...silence }) => silence)
  }

  /** It lasts `forMs` from now, or as long as it would have. */
  async extend(id: string, said: Said, forMs: number): Promise<SilenceChanged> {
    const { audit, connection } = this.#options
    const kept = onlyById(await this.#all(), id, 'silence')
    const { windows, endsWith } = kept
    if (kept.repeat)
      throw new ControlError('asked', `The maintenance window ${kept.id} comes again by itself: make a silence for the time in between.`)
    checkLength(forMs, endsWith ? LONGEST_UNTIL_RESOLVED_MS : LONGEST_MS)
    const now = await connection.now(kept.shards[0]!)
    const [from, was] = windows.at(-1)!
    if (was <= now) throw new ControlError('state', `The silence ${kept.id} is over already: make a new one.`)
    const until = Math.max(was, now + Math.round(forMs))
    const longer: Silence = { ...kept, windows: [[from, until]] }
    await this.#write(longer, kept.shards, now, audit('extend', said, { ...aboutOf(kept), ends: new Date(until).toISOString() }))
    return { ...longer, from, until }
  }

  /** Ends one for good. */
  async end(id: string, said: Said): Promise<SilenceChanged> {
    const { audit, connection } = this.#options
    const kept = onlyById(await this.#all(), id, 'silence')
    const now = await connection.now(kept.shards[0]!)
    const { matcher, match, by, why } = kept
    const ended: Silence = { id: kept.id, matcher, match, by, why, windows: [[now - 1, now]] }
    await this.#write(ended, kept.shards, now, audit('unsilence', said, aboutOf(kept)))
    return { ...ended, from: now - 1, until: now }
  }

  async #all(): Promise<readonly Kept[]> {
    const { connection, shards } = this.#options
    const now = await connection.nowShown()
    const read = await Promise.all(shards.map(async (names) => ({ names, all: await connection.client.hgetall(names.silences) })))
    const kept = new Map<string, Kept>()
    for (const { names, all } of read) {
      for (const [id, json] of Object.entries(all)) {
        const known = kept.get(id)
        const silence = known ?? parseSilence(id, json)
        if (!silence) continue
        const stands = { inForce: isInForce(silence, now), nextChange: nextChange(silence, now), endsWith: episodeNamedBy(silence) }
        kept.set(id, { ...silence, ...stands, shards: [...(known?.shards ?? []), names] })
      }
    }
    return [...kept.values()].toSorted((a, b) => (a.nextChange ?? 0) - (b.nextChange ?? 0))
  }

  async #make(
    action: 'silence' | 'maintenance',
    { text: matcher, match }: { readonly text: string; readonly match: readonly Match[] },
    said: Said,
    shards: readonly ShardNames[],
    windowsAt: (now: number) => Windows,
    about: Audit = {},
  ): Promise<SilenceChanged> {
    const { connection, audit } = this.#options
    const [first] = shards
    const kept = await connection.client.hlen(first!.silences)
    if (kept >= MOST_SILENCES)
      throw new ControlError('state', `There are ${kept} silences, and no room for more: end some that are no longer needed.`)
    const now = await connection.now(first!)
    const { by, why } = said
    const silence: Silence = { id: randomBytes(4).toString('hex'), matcher, match, by, why, ...windowsAt(now) }
    const [[from, until]] = silence.windows as [Window]
    const times = { begins: new Date(from).toISOString(), ends: new Date(until).toISOString() }
    const repeats = silence.repeat && { every: silence.repeat.every, zone: silence.repeat.zone }
    await this.#write(silence, shards, now, audit(action, said, { ...aboutOf(silence), ...times, ...repeats, ...about }))
    return { id: silence.id, matcher, match, from, until }
  }

  /** Recorded with the first of its shards. */
  async #write(silence: Silence, shards: readonly ShardNames[], now: number, record: Audit): Promise<void> {
    const { connection, retentionMs, epochs } = this.#options
    for (const [i, names] of shards.entries()) {
      await connection.setSilence(names, silence.id, encodeSilence(silence), dueSilence(silence.id), i === 0 ? record : undefined)
      await lookAfterSilence(connection, { names, retentionMs, epochs }, silence.id, now)
    }
  }
}

function aboutOf(silence: Silence): Audit {
  const named = episodeNamedBy(silence)
  return { silence: silence.id, matcher: silence.matcher, ...(named && { alert: named.alertId }) }
}

function checkLength(ms: number, longestMs: number): void {
  if (ms >= 1000 && ms <= longestMs) return
  throw new ControlError('asked', `The silence lasts ${ms} ms, expected between a second and ${longestMs / DAY_MS} days.`)
}

function asked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ControlError('asked', error instanceof Error ? error.message : String(error))
  }
}
