/**
 * What people have asked of services, kept up to date for the live stream. Services with a request that is not over are asked after once a
 * second; that there is a new one anywhere is seen in the audit; what ends by itself is found within ten seconds. All services are looked at at
 * first, after Redis was away, and now and then.
 */
import type { AuditEntry } from '../../control/audit.ts'
import type { HealthControl } from '../../control/health-control.ts'
import { isOver } from '../../control/request-view.ts'
import { diag } from '../../diag.ts'
import type { Clock } from '../../types.ts'
import { cleanText } from '../../wire/clean-text.ts'
import { isAction } from '../../wire/control-request.ts'
import { isServiceName } from '../../wire/names.ts'
import type { ControlRow } from '../control-protocol.ts'
import { desiredRow, requestRow } from './request-row.ts'

const EVERY_MS = 1000
const KNOWN_EVERY_MS = 10_000
const ALL_EVERY_MS = 600_000
/** For so long what ended is still shown with the service; the journal has it for longer. */
const LATELY_MS = 10 * 60_000
/** Of those that are over. */
const MOST_SHOWN = 5
const MOST_READ = 10
/** Entries of the audit that are looked through each second. */
const MOST_NEW = 50
const AT_ONCE = 20
const MOST_SAID = 20

export interface AskedServicesParts {
  readonly control: Pick<HealthControl, 'requests' | 'desired' | 'audit'>
  readonly clock: Clock
  /** All that are known, by name. */
  readonly services: () => readonly string[]
  /** Epoch milliseconds of the server. */
  readonly now: () => number
  /** Whether anybody wants to know. */
  readonly isWanted: () => boolean
}

export class AskedServices {
  readonly #parts: AskedServicesParts
  readonly #rows = new Map<string, ControlRow>()
  /** With a request that is not over. */
  readonly #watched = new Set<string>()
  #seen: ReadonlySet<string> = new Set()
  #knownAt = -Infinity
  #allAt = -Infinity
  #isAsking = false
  readonly #said = new Set<string>()
  readonly #stop: () => void

  constructor(parts: AskedServicesParts) {
    this.#parts = parts
    this.#stop = parts.clock.every(EVERY_MS, () => void this.#ask())
  }

  /** As of the last second; `undefined`: nothing that still matters. The same object as long as it says the same. */
  of(service: string): ControlRow | undefined {
    return this.#rows.get(service)
  }

  /** At once: something has just been asked of it. Never rejects. */
  async look(service: string): Promise<void> {
    this.#watched.add(service)
    await this.#readAll([service])
  }

  stop(): void {
    this.#stop()
  }

  async #ask(): Promise<void> {
    const { clock, services, isWanted } = this.#parts
    if (this.#isAsking || !isWanted()) return
    this.#isAsking = true
    const news = await this.#news()
    const now = clock.monotonicMs()
    const isTimeForKnown = now - this.#knownAt >= KNOWN_EVERY_MS
    const isTimeForAll = now - this.#allAt >= ALL_EVERY_MS
    if (isTimeForKnown) this.#knownAt = now
    if (isTimeForAll) this.#allAt = now
    // Of what nobody could be asked now nothing is left out later.
    if (!news) this.#allAt = -Infinity
    else await this.#readAll([...this.#watched, ...news, ...(isTimeForKnown ? this.#rows.keys() : []), ...(isTimeForAll ? services() : [])])
    this.#isAsking = false
  }

  /** Services of which the audit has said something since it was looked at last; `undefined`: it could not be read. */
  async #news(): Promise<readonly string[] | undefined> {
    const audit = await this.#tried(() => this.#parts.control.audit(MOST_NEW))
    if (!audit) return undefined
    const entries = audit.filter(isOfControl)
    const seen = this.#seen
    this.#seen = new Set(entries.map(keyOf))
    return entries.filter((entry) => !seen.has(keyOf(entry))).map(({ service }) => service!)
  }

  /** Of one that cannot be read the others are read all the same. */
  async #readAll(services: readonly string[]): Promise<void> {
    const each = [...new Set(services)]
    for (let i = 0; i < each.length; i += AT_ONCE)
      await Promise.all(each.slice(i, i + AT_ONCE).map((service) => this.#tried(() => this.#read(service))))
  }

  async #read(service: string): Promise<void> {
    const { control, now } = this.#parts
    const [requests, desired] = await Promise.all([control.requests(service, MOST_READ), control.desired(service)])
    const rows = requests.map(requestRow)
    const shown = rows.filter((row, i) => !isOver(row.state) || (i < MOST_SHOWN && row.endedAt! > now() - LATELY_MS))
    const row: ControlRow = { requests: shown, desired: desired.map(desiredRow) }
    if (shown.length + desired.length === 0) this.#rows.delete(service)
    else if (JSON.stringify(row) !== JSON.stringify(this.#rows.get(service))) this.#rows.set(service, row)
    if (shown.some((each) => !isOver(each.state))) this.#watched.add(service)
    else this.#watched.delete(service)
  }

  /** `undefined` where it fails; each reason is said once. */
  async #tried<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      const why = cleanText(error instanceof Error ? error.message : String(error))
      if (this.#said.size >= MOST_SAID || this.#said.has(why)) return undefined
      this.#said.add(why)
      diag.warn(`The panel cannot read what was asked of services: ${why}`)
      return undefined
    }
  }
}

function isOfControl({ action, service }: AuditEntry): boolean {
  return isServiceName(service) && isAction(action)
}

function keyOf({ id, service, outcome = '' }: AuditEntry): string {
  return `${id} ${service} ${outcome}`
}
