/** What others have to be told of the process while it cannot speak for itself, until they were. */
import type { Exit } from './evidence.ts'
import type { Death, DownAlert, Heard, Report, ReportedAnswer } from './report.ts'

/** An alert is kept so long when nobody is left to say it again: by then a process of the service that lives ends it. Milliseconds. */
const KEPT_AFTER_END_MS = 300_000

/** A death that is so long ago, and after which another process runs, is told to nobody any more. Milliseconds. */
const OLD_NEWS_MS = 30_000

export class Telling {
  #death: Death | undefined
  #lastDeath: Death | undefined
  #deaths = 0
  /** Another process has taken its place. */
  #isOver = false
  #down: DownAlert | undefined
  #alerts = 0
  /** Number of the alert that was told last. */
  #toldAlert = 0
  #tellAgain: { readonly at: number; readonly everyMs: number } | undefined
  #answers: readonly ReportedAnswer[] = []

  /** Nothing is left to be told. */
  get isDone(): boolean {
    return !this.#death && (this.#down === undefined || this.#down.n === this.#toldAlert) && this.#answers.length === 0
  }

  get isDown(): boolean {
    return this.#down?.state === 'firing'
  }

  died(exit: Exit, death: Omit<Death, 'n' | 'exit'>): void {
    this.#isOver = false
    this.#death = this.#lastDeath = { n: ++this.#deaths, exit, ...death }
  }

  /** The process that died last is not started again after all. */
  staysDown(next: string): void {
    if (this.#lastDeath?.staysDown !== false) return
    const { exit, n: _n, ...death } = this.#lastDeath
    this.died(exit, { ...death, next, staysDown: true })
  }

  /** An alert in the name of an instance, told again every `againMs` milliseconds; left out: once. `now`: milliseconds on the monotonic clock, here and below. */
  down(message: string, instance: string | undefined, now: number, againMs?: number): void {
    const keptMs = KEPT_AFTER_END_MS + 2 * (againMs ?? 0)
    this.#tellAgain = againMs === undefined ? undefined : { at: now + againMs, everyMs: againMs }
    this.#down = { n: ++this.#alerts, ...(instance !== undefined && { instance }), state: 'firing', message, isAgain: false, keptMs }
  }

  tick(now: number): void {
    if (this.#isOver && this.#death && now - this.#death.at > OLD_NEWS_MS) this.#death = undefined
    if (!this.#tellAgain || !this.#down || now < this.#tellAgain.at) return
    this.#tellAgain = { ...this.#tellAgain, at: now + this.#tellAgain.everyMs }
    this.#down = { ...this.#down, n: ++this.#alerts, isAgain: true }
  }

  /** Another process is well: who was told that it is down hears that it is not. Of its death others hear all the same, if that is not long ago. */
  lives(message: string): void {
    this.#isOver = true
    this.#tellAgain = undefined
    if (this.#down && this.isDown)
      this.#down = { ...this.#down, n: ++this.#alerts, state: 'resolved', message, isAgain: false, keptMs: KEPT_AFTER_END_MS }
  }

  answer(answer: ReportedAnswer): void {
    this.#answers = [...this.#answers, answer]
  }

  heard(heard: Heard): void {
    if (heard.is === 'answered') this.#answers = this.#answers.filter(({ request }) => request !== heard.request)
    if (heard.is !== 'told') return
    if (heard.what === 'death' && this.#death?.n === heard.n) this.#death = undefined
    if (heard.what !== 'down') return
    this.#toldAlert = heard.n
    if (this.#down?.n === heard.n && !this.isDown) this.#down = undefined
  }

  report(): Pick<Report, 'death' | 'down' | 'answers'> {
    return { ...(this.#death && { death: this.#death }), ...(this.#down && { down: this.#down }), answers: this.#answers }
  }
}
