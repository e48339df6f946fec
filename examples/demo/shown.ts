/** What the demo shows whatever it watches: what runs, which faults are on, and what happened. */
import type { Severity, Status } from '../../src/types.ts'
import type { AlertMessage } from '../../src/wire/alert-message.ts'
import { inWords, type ActiveFault } from './fault-keys.ts'
import { addToFeed, type FeedEntry, type Tone } from './feed.ts'
import type { OtlpReceiver } from './otlp-receiver.ts'
import type { Part } from './parts.ts'

export class Shown {
  parts: readonly Part[] = []
  otlp: OtlpReceiver['counts'] | undefined
  feed: readonly FeedEntry[] = []
  faults: readonly ActiveFault[] = []
  stopping = false
  alertsFired = 0
  alertsResolved = 0
  readonly #onNews: (entry: FeedEntry) => void

  /** `onNews` is told of every entry of the feed that is not a repetition. */
  constructor(onNews: (entry: FeedEntry) => void) {
    this.#onNews = onNews
  }

  say(source: string, text: string, tone: Tone, now: number, topic?: string): void {
    this.feed = addToFeed(this.feed, { at: now, source, text, tone, topic })
    const entry = this.feed.at(-1)!
    if (entry.times === 1) this.#onNews(entry)
  }

  /** What the control server says is on now; changes become news. */
  setFaults(faults: readonly ActiveFault[], now: number): void {
    const before = this.faults
    this.faults = faults
    for (const fault of faults) {
      if (!before.some(({ name, since }) => name === fault.name && since === fault.since))
        this.say('fault', `${describe(fault)} is on`, 'warning', now)
    }
    for (const { name } of before) {
      if (!faults.some((fault) => fault.name === name)) this.say('fault', `${name} is off`, 'good', now)
    }
  }

  protected count({ type }: AlertMessage): void {
    if (type === 'fired') this.alertsFired++
    if (type === 'resolved') this.alertsResolved++
  }
}

export function toneOfStatus(status: Status): Tone {
  return status === 'healthy' ? 'good' : status === 'unhealthy' ? 'bad' : 'warning'
}

export function toneOfSeverity(severity: Severity): Tone {
  return severity === 'CRITICAL' ? 'bad' : 'warning'
}

export function toneOfAlert({ type, severity }: AlertMessage): Tone {
  return type === 'resolved' ? 'good' : toneOfSeverity(severity)
}

/** An alert by its name alone: its sentence came with the alert. */
export function shortReason(reason: string): string {
  return reason.replace(/^([a-z_]+(?: [\w.]+=\S+)*): .*$/s, '$1')
}

function describe({ name, settings }: ActiveFault): string {
  const how = inWords(settings)
  return how === '' ? name : `${name} with ${how}`
}
