'use strict'

const { request } = require('node:http')

/** Calls back with an error that has the status, if the gateway refuses. */
function post(url, callback) {
  const sent = request(url, { method: 'POST' }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part) => (text += part))
    response.on('end', () => {
      if (response.statusCode >= 400) callback(Object.assign(new Error(`answered ${response.statusCode}`), { status: response.statusCode }))
      else callback(null, JSON.parse(text))
    })
  })
  sent.on('error', callback).end()
}

class Sender {
  constructor(redis, gateway) {
    this.redis = redis
    this.gateway = gateway
    this.ledger = { calls: {}, deliveries: {}, retries: {}, deadLetters: {} }
  }

  /** `callback(error, end)`, without an end where it is not over. */
  send(notification, callback) {
    post(`${this.gateway}/${notification.channel}/${notification.id}`, (refusal, answer) => {
      this.count('calls', refusal ? (refusal.status ?? refusal.code) : 'ok')
      if (refusal && !refusal.status) return callback(refusal)
      if (!refusal) return this.done(notification, answer.receipt ?? 'sent', answer.reason, callback)
      const again = { ...notification, tries: (notification.tries ?? 0) + 1 }
      if (again.tries < 3) return this.later(again, refusal.status, callback)
      this.bury(again, refusal.status, (lost) => {
        if (lost) callback(lost)
        else this.done(again, 'failed', refusal.status, callback)
      })
    })
  }

  later(notification, reason, callback) {
    this.count('retries', `${notification.channel} ${reason}`)
    this.redis.rpush('outbox', JSON.stringify(notification), (error) => callback(error))
  }

  bury(notification, reason, callback) {
    this.count('deadLetters', `${notification.channel} ${reason}`)
    this.redis.rpush('dead', JSON.stringify(notification), (error) => callback(error))
  }

  done({ channel, at }, outcome, reason, callback) {
    this.count('deliveries', [channel, outcome, ...(reason ? [reason] : [])].join(' '))
    callback(null, { channel, outcome, reason, latencyMs: Date.now() - at })
  }

  count(of, key) {
    this.ledger[of][key] = (this.ledger[of][key] ?? 0) + 1
  }
}

module.exports = { Sender }
