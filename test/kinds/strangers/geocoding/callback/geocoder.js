import { nominatim, photon } from './providers.js'

const DAY = 86_400_000

export const ledger = { attempts: { ok: 0, failed: {} }, lookups: {}, calls: { nominatim: {}, photon: {} } }

export function count(counts, key) {
  counts[key] = (counts[key] ?? 0) + 1
}

export function lookUp(redis, position, callback) {
  redis.hget('places', position.place, (error, text) => {
    if (error) return callback(error)
    const known = text && JSON.parse(text)
    callback(null, { ...known, result: !known ? 'miss' : position.at - known.at > DAY ? 'stale' : 'hit' })
  })
}

export function usage({ used, limit }) {
  return { provider: 'photon', used: Number(used), limit: Number(limit) }
}

function askAll(place, callback) {
  nominatim(place, (refused, first) => {
    count(ledger.calls.nominatim, refused ? refused.statusCode : 'ok')
    if (!refused) return callback(null, first)
    photon(place, (error, second) => {
      count(ledger.calls.photon, error ? error.statusCode : 'ok')
      if (!error) usage(second)
      callback(error, second)
    })
  })
}

/** `callback(error, street)` */
export function geocode(redis, position, callback) {
  lookUp(redis, position, (error, { result, street } = {}) => {
    if (error) return callback(error)
    count(ledger.lookups, result)
    if (result === 'hit') return callback(null, street)
    askAll(position.place, (refused, answer) => {
      if (refused) return callback(refused)
      const known = JSON.stringify({ street: answer.street, at: position.at })
      redis.hset('places', position.place, known, (lost) => callback(lost, answer.street))
    })
  })
}
