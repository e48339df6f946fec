/** A silence as it is kept in `{health}:silences`, which the script reads, too. Pure. */
import { isOpen } from '../judge/alert.ts'
import type { Alert } from '../types.ts'
import { episodeNamedBy, type Match } from './matcher.ts'
import { windowsAfter, type Repeat, type Window } from './repeat.ts'

export interface Silence {
  readonly id: string
  readonly matcher: string
  readonly match: readonly Match[]
  readonly by: string
  readonly why: string
  /** Epoch milliseconds, the first first. Of one that repeats, those that come next. */
  readonly windows: readonly Window[]
  readonly repeat?: Repeat
}

/** So many windows are kept ahead: they come about though nobody is there to reckon the next ones. */
const AHEAD = 8

/** One that repeats has its next windows from `now` on. */
export function withWindows<T extends Pick<Silence, 'windows' | 'repeat'>>(silence: T, now: number): T {
  return silence.repeat ? { ...silence, windows: windowsAfter(silence.repeat, now, AHEAD) } : silence
}

export function isInForce({ windows }: Pick<Silence, 'windows'>, now: number): boolean {
  return windows.some(([from, until]) => now >= from && now < until)
}

/** When it begins or ends next; `undefined`: it is over for good. Epoch milliseconds. */
export function nextChange({ windows }: Pick<Silence, 'windows'>, now: number): number | undefined {
  const ahead = windows.flat().filter((at) => at > now)
  return ahead.length === 0 ? undefined : Math.min(...ahead)
}

/** Whether it ended with the episode that it names; `alert`: as the alert that it names stands now. */
export function isOverWithAlert(silence: Pick<Silence, 'match'>, alert: Pick<Alert, 'state' | 'episode'>): boolean {
  const named = episodeNamedBy(silence)
  return named !== undefined && (!isOpen(alert) || alert.episode !== named.episode)
}

export function encodeSilence({ matcher, match, by, why, windows, repeat }: Silence): string {
  const [[from] = [0]] = windows
  return JSON.stringify({
    ...{ v: 1, matcher, by, why, from: new Date(from).toISOString() },
    until: repeat ? null : new Date(windows.at(-1)?.[1] ?? 0).toISOString(),
    ...(repeat && { repeat: { every: repeat.every, for_seconds: repeat.forSeconds, zone: repeat.zone } }),
    ...{ match, windows },
  })
}

/** `undefined` for what is none of this version. */
export function parseSilence(id: string, json: string): Silence | undefined {
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch {
    return undefined
  }
  if (typeof fields !== 'object' || fields === null) return undefined
  const { v, matcher, match, by, why, windows, repeat } = fields as Readonly<Record<string, unknown>>
  if (v !== 1 || typeof matcher !== 'string' || typeof by !== 'string' || typeof why !== 'string') return undefined
  if (!isListOf(match, isMatch) || !isListOf(windows, isWindow) || (repeat !== undefined && !isRepeat(repeat))) return undefined
  const every = repeat && { every: repeat.every, forSeconds: repeat.for_seconds, zone: repeat.zone }
  return { id, matcher, match, by, why, windows, ...(every && { repeat: every }) }
}

function isListOf<T>(value: unknown, is: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is)
}

function isMatch(value: unknown): value is Match {
  return Array.isArray(value) && value.length >= 2 && value.every((each) => typeof each === 'string')
}

function isWindow(value: unknown): value is Window {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger)
}

function isRepeat(value: unknown): value is { readonly every: string; readonly for_seconds: number; readonly zone: string } {
  const { every, for_seconds: seconds, zone } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof every === 'string' && typeof seconds === 'number' && typeof zone === 'string'
}
