'use strict'

const { Agent, get } = require('node:http')
const { Redis } = require('ioredis')

const KEYS = { immediate: 'trackers:immediate', hot: 'trackers:hot', cold: 'trackers:cold', retry: 'trackers:retry' }
const HOUR = 3_600_000

class UpstreamError extends Error {
  constructor(status) {
    super(`the upstream answered ${status}`)
    this.name = 'UpstreamError'
    this.code = status
  }
}

class Fetcher {
  #agent = new Agent({ keepAlive: true })
  #redis

  constructor({ redisUrl, upstreamUrl }) {
    this.upstreamUrl = upstreamUrl
    this.#redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 3 })
  }

  async start() {
    await this.#redis.connect()
    return this
  }

  async stop() {
    this.#agent.destroy()
    await this.#redis.quit()
  }

  /** Asks for `rounds` rounds of work, and for some that is left over. */
  async schedule(rounds) {
    const now = Date.now()
    for (let n = 1; n <= 2 * rounds + 2; n++) await this.#redis.rpush(KEYS.immediate, `asset-${n}`)
    for (let n = 1; n <= 2 * rounds; n++) await this.#redis.zadd(KEYS.hot, now - HOUR + n, `phone-${n}`)
    for (let n = 1; n <= 3; n++) await this.#redis.zadd(KEYS.cold, now - HOUR + n, `crate-${n}`)
  }

  /** Two trackers that are asked for at once and two that are due. */
  async take() {
    const asked = await this.#redis.lpop(KEYS.immediate, 2)
    const due = await this.#redis.zrangebyscore(KEYS.hot, '-inf', Date.now(), 'LIMIT', 0, 2)
    if (due.length > 0) await this.#redis.zrem(KEYS.hot, ...due)
    return [...(asked ?? []), ...due]
  }

  /** Resolves with `ok: false` and a reason where there is no answer: the tracker is tried again in an hour. */
  async fetchTracker(tracker) {
    try {
      const { reports, zones } = await this.request(`/trackers/${tracker}`)
      if (tracker.startsWith('phone')) await this.#redis.zadd(KEYS.hot, Date.now() + HOUR, tracker)
      return { ok: true, reports, zones }
    } catch (error) {
      await this.#redis.zadd(KEYS.retry, Date.now() + HOUR, tracker)
      return { ok: false, reason: error.code }
    }
  }

  /** Rejects with the status if it is not 200. */
  request(path) {
    return new Promise((resolve, reject) => {
      const request = get(`${this.upstreamUrl}${path}`, { agent: this.#agent }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part) => (text += part))
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text))
          else reject(new UpstreamError(response.statusCode))
        })
      })
      request.on('error', reject)
    })
  }

  async dueNow() {
    const now = Date.now()
    const due = (key) => this.#redis.zcount(key, '-inf', now)
    return {
      immediate: await this.#redis.llen(KEYS.immediate),
      hot: await due(KEYS.hot),
      cold: await due(KEYS.cold),
      retry: await due(KEYS.retry),
    }
  }
}

module.exports = { Fetcher }
