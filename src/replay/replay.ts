/**
 * Rules over the history of a service: what would have fired. Each instance is judged at the end of each of its minutes, by the rules and the
 * alert states that judge live services, and the service's alert is folded from them as it is live. Pure.
 */
import { isOpen, stepAlert, type Instant } from '../judge/alert.ts'
import { foldAlert, type AlertEntry, type FoldedAlert } from '../judge/fold.ts'
import { alertKey, openAlert } from '../judge/judge.ts'
import type { SaidRule } from '../rules/said-rules.ts'
import type { Alert, Attributes, Verdict } from '../types.ts'
import { CountedPast } from './counted-past.ts'
import type { Episode } from './episodes.ts'
import type { CountedMinute, HistoryMinute } from './history.ts'
import { judgeFigure } from './judge-figure.ts'
import { countedReadings, levelReadings } from './replayed-readings.ts'
import { DUE_GAUGE, ruleOfKey, valuesIn, wayOf, type NotReplayed, type Way } from './ways.ts'

export interface History {
  /** In the order of time. */
  readonly minutes: readonly HistoryMinute[]
  readonly counted: readonly CountedMinute[]
}

export interface Replayed {
  /** By when they fired. */
  readonly episodes: readonly Episode[]
  readonly replayed: readonly { readonly rule: string; readonly by: Way['by'] }[]
  readonly not: readonly NotReplayed[]
}

const MINUTE_SECONDS = 60
/** An instance of which nothing is heard for longer is gone. Milliseconds. */
const GONE_AFTER = 180_000
/** Minutes are a minute apart give or take what the way to Redis took: by so much less something has held long enough. Seconds. */
const GIVE_OR_TAKE = 2

export function replay(said: readonly SaidRule[], history: History): Replayed {
  const ways: Way[] = []
  const not: NotReplayed[] = []
  for (const each of said) {
    const way = wayOf(each, history.minutes, history.counted)
    if ('by' in way) ways.push(way)
    else not.push(way)
  }
  const run = new Run(history)
  for (const minute of history.minutes) for (const way of ways) run.judge(way, minute)
  return { episodes: run.episodes(), replayed: ways.map(({ by, said: { rule } }) => ({ rule: rule.name, by })), not }
}

/** One alert of the service: what its instances say of it, and what came of that. */
interface Folding {
  readonly entries: Map<string, AlertEntry>
  alert: FoldedAlert | undefined
  /** The episode that is open. */
  open: Episode | undefined
}

class Run {
  readonly #history: History
  readonly #pasts = new Map<string, ReadonlyMap<string, CountedPast>>()
  readonly #watching = new Map<string, { since: number; last: number }>()
  /** Of instances, by instance, rule and labels. */
  readonly #alerts = new Map<string, Alert>()
  readonly #foldings = new Map<string, Folding>()
  readonly #over: Episode[] = []

  constructor(history: History) {
    this.#history = history
  }

  episodes(): readonly Episode[] {
    const open = [...this.#foldings.values()].flatMap(({ open: episode }) => episode ?? [])
    return [...this.#over, ...open].toSorted((a, b) => a.from - b.from)
  }

  judge(way: Way, minute: HistoryMinute): void {
    const watchedSeconds = this.#watchedSeconds(minute)
    for (const [value, judged] of this.#valuesOf(way, minute, watchedSeconds)) {
      const { by, name } = way.said.rule
      const labels = by === undefined || value === '' ? undefined : { [by]: value }
      const key = alertKey(name, labels)
      const own = `${minute.instance} ${key}`
      const now = { monotonicMs: minute.at, epochMs: minute.at }
      this.#step(way, minute, { key, own, labels, now }, judged(openAlert(this.#alerts.get(own), now)))
    }
  }

  /** By each value that the rule is split by, the empty one if it is not. */
  #valuesOf(way: Way, minute: HistoryMinute, watchedSeconds: number): readonly (readonly [value: string, judge: Judge])[] {
    const { said } = way
    const { by, name } = said.rule
    const of = (value: string) => (by === undefined || value === '' ? undefined : value)
    if (way.by !== 'counts') {
      return valuesIn(minute.gauges, way.gauge).map(([value, text]) => [
        value === 'none' ? '' : value,
        (open) =>
          way.by === 'figure'
            ? judgeFigure(said, text, way.factor, open)
            : said.rule.judge(levelReadings(text === '' ? undefined : Number(text)), open, of(value)),
      ])
    }
    const due = minute.gauges.get(DUE_GAUGE)
    const { pair } = way
    return Array.from(this.#pastOf(minute.instance, name, by !== undefined), ([value, past]) => [
      value,
      (open) => {
        const readings = countedReadings({ pair, past, now: minute.at, watchedSeconds, due: due ? Number(due) : undefined })
        return said.rule.judge(readings, open, of(value))
      },
    ])
  }

  #step(way: Way, { at, instance }: HistoryMinute, alertOf: Identity, verdict: Verdict): void {
    const { key, own, labels, now } = alertOf
    const { rule } = way.said
    const timing = {
      forSeconds: Math.max(0, rule.forSeconds - GIVE_OR_TAKE),
      keepFiringSeconds: Math.max(0, rule.keepFiringSeconds - GIVE_OR_TAKE),
    }
    const identity = { id: key, rule: rule.name, service: '', labels, scope: rule.scope }
    const { alert } = stepAlert(this.#alerts.get(own), verdict, timing, identity, now, MINUTE_SECONDS)
    if (alert) this.#alerts.set(own, alert)
    const folding = this.#foldings.get(key) ?? { entries: new Map<string, AlertEntry>(), alert: undefined, open: undefined }
    this.#foldings.set(key, folding)
    folding.entries.set(instance, entryOf(instance, alert, verdict, at))
    this.#fold(folding, way, labels, at)
  }

  #fold(folding: Folding, { said: { rule } }: Way, labels: Attributes | undefined, now: number): void {
    const { entries, alert: before } = folding
    const [...all] = entries.values()
    const { after, told, speaker, gone } = foldAlert({ scope: rule.scope, before, entries: all, alive: true, now })
    folding.alert = after
    for (const instance of gone) entries.set(instance, { ...entries.get(instance)!, state: 'gone' })
    const message = speaker === undefined ? undefined : this.#alerts.get(`${speaker} ${alertKey(rule.name, labels)}`)?.message
    if (folding.open && !isOpen(after)) {
      this.#over.push({ ...folding.open, until: now })
      folding.open = undefined
    } else if (!folding.open && isOpen(after)) {
      folding.open = { rule: rule.name, labels, severity: after.severity, from: now, until: undefined, message: message ?? '' }
    } else if (folding.open && told?.type === 'escalated') {
      folding.open = { ...folding.open, severity: 'CRITICAL', message: message ?? folding.open.message }
    }
  }

  /** For how long the instance has been heard of without a gap. */
  #watchedSeconds({ instance, at }: HistoryMinute): number {
    const known = this.#watching.get(instance)
    const since = known && at - known.last <= GONE_AFTER ? known.since : at - 1000 * MINUTE_SECONDS
    this.#watching.set(instance, { since, last: at })
    return (at - since) / 1000
  }

  /** What was counted for a rule by an instance and by those that were no more when it began: it began with what they had counted. */
  #pastOf(instance: string, rule: string, isSplit: boolean): ReadonlyMap<string, CountedPast> {
    const key = `${instance} ${rule}`
    const made = this.#pasts.get(key)
    if (made) return made
    const { minutes, counted } = this.#history
    const began = minutes.find((each) => each.instance === instance)!.at
    const last = new Map(minutes.map((each) => [each.instance, each.at]))
    const isOwn = (other: string) => other === instance || (last.get(other) ?? 0) < began
    const blocks = new Map<string, { at: number; amounts: readonly number[] }[]>()
    for (const { at, instance: other, counted: amounts } of counted) {
      if (!isOwn(other)) continue
      for (const [name, of] of Object.entries(amounts)) {
        if (ruleOfKey(name) !== rule) continue
        const value = isSplit ? name.slice(rule.length + 1) : ''
        const known = blocks.get(value)
        if (known) known.push({ at, amounts: of })
        else blocks.set(value, [{ at, amounts: of }])
      }
    }
    const pasts = new Map(Array.from(blocks, ([value, each]) => [value, new CountedPast(each)]))
    this.#pasts.set(key, pasts)
    return pasts
  }
}

type Judge = (open: ReturnType<typeof openAlert>) => Verdict

interface Identity {
  readonly key: string
  readonly own: string
  readonly labels: Attributes | undefined
  readonly now: Instant
}

function entryOf(instance: string, alert: Alert | undefined, verdict: Verdict, at: number): AlertEntry {
  const state = alert?.state ?? 'inactive'
  return {
    instance,
    state,
    severity: alert?.severity ?? 'WARNING',
    since: alert?.since ?? at,
    breaching: verdict.kind === 'breach',
    known: verdict.kind !== 'inconclusive' && state !== 'unknown',
    ...{ at, seen: at, keep: GONE_AFTER },
    episode: alert?.episode ?? 1,
  }
}
