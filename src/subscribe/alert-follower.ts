/** Open alerts of one shard: their documents, and what has been told since these were read. */
import { isOpen } from '../judge/alert.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { ShardNames } from '../wire/names.ts'
import { LONGEST_NAME } from '../wire/sizes.ts'
import type { Problem } from './health-view.ts'
import { readAlerts } from './read-alerts.ts'
import { readScorePage } from './read-scores.ts'
import type { Ask } from './redis-questions.ts'

/** Documents that are read together: however large, they stay within some megabytes. */
const AT_ONCE = 100
/** Open alerts that are taken in. */
const MOST = 50_000
const MOST_PROBLEMS = 1000

export class AlertFollower {
  readonly #ask: Ask
  readonly #names: ShardNames
  #alerts = new Map<string, AlertView>()
  #problems: readonly Problem[] = []
  /** While documents are read: what was told meanwhile, the last of each alert. */
  #meanwhile: Map<string, AlertMessage> | undefined

  constructor(ask: Ask, names: ShardNames) {
    this.#ask = ask
    this.#names = names
  }

  get alerts(): Iterable<AlertView> {
    return this.#alerts.values()
  }

  /** As it was when everything was read last. */
  get problems(): readonly Problem[] {
    return this.#problems
  }

  take(message: AlertMessage): void {
    this.#meanwhile?.set(message.alert_id, message)
    const known = this.#alerts.get(message.alert_id)
    if (known && known.rev > message.rev) return
    if (isOpen(message)) this.#alerts.set(message.alert_id, message)
    else this.#alerts.delete(message.alert_id)
  }

  /** The server has lost its memory. */
  forget(): void {
    this.#alerts.clear()
    this.#meanwhile?.clear()
  }

  /** Everything, page by page; `between` is done after each part of one. `now`: epoch milliseconds of the server. */
  async readAll(now: number, between: () => Promise<void>): Promise<void> {
    const told = new Map<string, AlertMessage>()
    this.#meanwhile = told
    const alerts = new Map<string, AlertView>()
    const problems: Problem[] = []
    try {
      let cursor = '0'
      let tooMany = 0
      do {
        const page = await readScorePage(this.#ask, this.#names.open, cursor, now)
        cursor = page.cursor
        if (page.refused !== undefined) problems.push({ key: this.#names.open, reason: page.refused })
        const ids = page.scores.map(({ name }) => name).filter((id) => id.length <= LONGEST_NAME)
        if (ids.length < page.scores.length) problems.push({ key: this.#names.open, reason: 'holds ids that are too long' })
        for (let i = 0; i < ids.length; i += AT_ONCE) {
          const read = await readAlerts(this.#ask, this.#names, ids.slice(i, i + AT_ONCE))
          for (const alert of read.alerts) {
            if (alerts.size < MOST || alerts.has(alert.alert_id)) alerts.set(alert.alert_id, alert)
            else tooMany++
          }
          problems.push(...read.problems.slice(0, MOST_PROBLEMS - problems.length))
          await between()
        }
      } while (cursor !== '0')
      if (tooMany > 0) problems.push({ key: this.#names.open, reason: `holds ${tooMany} alerts more than this reader has room for` })
    } finally {
      this.#meanwhile = undefined
    }
    this.#alerts = alerts
    this.#problems = problems
    for (const message of told.values()) this.take(message)
  }
}
