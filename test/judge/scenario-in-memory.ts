/** Alerts of a scenario as the specification has them: the fold, and what lies over it. */
import { isOpen } from '../../src/judge/alert.ts'
import { foldAlert, type AlertEntry, type FoldedAlert, type FoldInput } from '../../src/judge/fold.ts'
import { NO_OVERLAY, type Overlay } from '../../src/overlays/overlay.ts'
import { stepOverlays, type Action } from '../../src/overlays/step-overlays.ts'
import type { Alert, TransitionCause } from '../../src/types.ts'
import type { AlertStore, Server, Told } from './scenario.ts'

const DAY_MS = 86_400_000

export class ServerInMemory implements Server {
  readonly alerts = new Map<string, AlertInMemory>()
  readonly silences: { readonly rule: string | undefined; from: number; until: number }[] = []

  alert(rule: string, causes: readonly string[]): AlertStore {
    const alert = new AlertInMemory(this, rule, causes)
    this.alerts.set(rule, alert)
    return alert
  }

  silence(rule: string | undefined, until: number, now: number): Promise<void> {
    this.silences.push({ rule, from: now, until })
    return Promise.resolve()
  }

  unsilence(now: number): Promise<void> {
    for (const silence of this.silences) silence.until = Math.min(silence.until, now)
    return Promise.resolve()
  }
}

class AlertInMemory implements AlertStore {
  readonly #server: ServerInMemory
  readonly #rule: string
  readonly #causes: readonly string[]
  #entry: AlertEntry | undefined
  #folded: FoldedAlert | undefined
  #overlay: Overlay = NO_OVERLAY
  #dueAt: number | undefined
  #told: Told[] = []

  constructor(server: ServerInMemory, rule: string, causes: readonly string[]) {
    this.#server = server
    this.#rule = rule
    this.#causes = causes
  }

  get isOpen(): boolean {
    return this.#folded !== undefined && isOpen(this.#folded)
  }

  /** Others may be caused by it. */
  get causes(): boolean {
    return this.isOpen && !this.#overlay.inhibited && this.#overlay.heldUntil === undefined
  }

  say(alert: Alert, wasTold: boolean, cause: TransitionCause, now: number): Promise<void> {
    const known = alert.frozenAt === undefined && alert.state !== 'unknown'
    const { state, severity, since, episode } = alert
    const breaching = known && (state === 'pending' || state === 'firing')
    this.#entry = { ...{ instance: 'i', state, severity, since, episode, known, breaching }, at: now, seen: now, keep: 1000 * DAY_MS }
    return this.#step(now, { by: { instance: 'i', wasTold, cause } })
  }

  act(action: Action, now: number): Promise<void> {
    return this.#step(now, {}, action)
  }

  look(now: number): Promise<void> {
    return this.#step(now, {})
  }

  due(): number | undefined {
    const ends = this.#server.silences.flatMap(({ from, until }) => [from, until])
    const silence = this.isOpen ? ends.filter((at) => at > (this.#lookedAt ?? 0)).toSorted((a, b) => a - b)[0] : undefined
    const times = [this.#dueAt, silence].filter((at) => at !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  take(): Promise<readonly Told[]> {
    const told = this.#told
    this.#told = []
    return Promise.resolve(told)
  }

  #lookedAt: number | undefined

  #step(now: number, { by }: Pick<FoldInput, 'by'>, action?: Action): Promise<void> {
    this.#lookedAt = now
    const before = this.#folded
    if (!by && !before) return Promise.resolve()
    const entries = this.#entry ? [this.#entry] : []
    const fold = foldAlert({ scope: 'any', before, entries, alive: true, now, ...(by && { by }) })
    const step = stepOverlays({
      ...{ before, fold, overlay: this.#overlay, action, now },
      recovering: this.#entry?.state === 'recovering',
      breaching: this.#entry?.state === 'firing' && this.#entry.known,
      silences: this.#server.silences
        .filter(({ rule, from, until }) => now >= from && now < until && (rule === undefined || rule === this.#rule))
        .map((_silence, i) => `s${i}`),
      ending: [],
      hasCauses: this.#causes.length > 0,
      causeIsOpen: this.#causes.some((rule) => this.#server.alerts.get(rule)?.causes),
    })
    this.#folded = step.after
    this.#overlay = step.overlay
    this.#dueAt = step.dueAt
    this.#told.push(...step.messages)
    return Promise.resolve()
  }
}
