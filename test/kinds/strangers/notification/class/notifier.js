const MOST_TRIES = 3

/** Sends what is in the outbox, and what comes into it. */
export class Notifier {
  #redis
  #gateway
  calls = {}
  deliveries = {}
  retries = {}
  deadLetters = {}

  constructor(redis, gateway) {
    this.#redis = redis
    this.#gateway = gateway
  }

  /** Resolves with what became of it, or with nothing if it is tried again later. */
  async deliver(notification) {
    const { id, channel, at, tries = 1 } = notification
    const response = await fetch(`${this.#gateway}/${channel}/${id}`, { method: 'POST', body: '{}' })
    const { receipt, reason } = await response.json()
    this.#count(this.calls, response.ok ? 'ok' : response.status)
    if (!response.ok && tries < MOST_TRIES) return await this.#putOff({ ...notification, tries: tries + 1 }, response.status)
    if (!response.ok) await this.giveUp(notification, response.status)
    const outcome = response.ok ? (receipt ?? 'sent') : 'failed'
    const why = response.ok ? reason : response.status
    this.#count(this.deliveries, [channel, outcome, why].filter(Boolean).join(' '))
    return { outcome, reason: why, latencyMs: Date.now() - at }
  }

  async #putOff(notification, reason) {
    await this.retry(notification, reason)
  }

  async retry(notification, reason) {
    this.#count(this.retries, `${notification.channel} ${reason}`)
    await this.#redis.rpush('outbox', JSON.stringify(notification))
  }

  async giveUp(notification, reason) {
    this.#count(this.deadLetters, `${notification.channel} ${reason}`)
    await this.#redis.rpush('dead', JSON.stringify(notification))
  }

  #count(counts, key) {
    counts[key] = (counts[key] ?? 0) + 1
  }
}
