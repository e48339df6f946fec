'use strict'

const DAY = 24 * 60 * 60 * 1000
const { NOMINATIM_URL, PHOTON_URL } = process.env

const ledger = {
  attempts: { ok: 0, failed: {} },
  lookups: { hit: 0, miss: 0, stale: 0 },
  calls: { nominatim: {}, photon: {} },
}

function count(counts, key) {
  counts[key] = (counts[key] ?? 0) + 1
}

/** `hit`, `miss` or `stale`, and what is known. */
async function findCached(redis, { place, at }) {
  const text = await redis.hGet('places', place)
  if (text === null) return ['miss']
  const known = JSON.parse(text)
  return [at - known.at > DAY ? 'stale' : 'hit', known]
}

async function get(url, place) {
  const response = await fetch(`${url}/reverse/${place}`)
  const body = await response.json()
  if (!response.ok) throw Object.assign(new Error(body.error), { status: response.status })
  return { street: body.street, headers: response.headers }
}

const askNominatim = (place) => get(NOMINATIM_URL, place)
const askPhoton = (place) => get(PHOTON_URL, place)

/** Headers come with good answers alone. */
function remainingQuota({ headers }) {
  return headers.has('x-quota-used') ? [Number(headers.get('x-quota-used')), Number(headers.get('x-quota-limit'))] : null
}

async function ask(place) {
  try {
    const answer = await askNominatim(place)
    count(ledger.calls.nominatim, 'ok')
    return answer
  } catch (error) {
    count(ledger.calls.nominatim, error.status)
  }
  try {
    const answer = await askPhoton(place)
    count(ledger.calls.photon, 'ok')
    remainingQuota(answer)
    return answer
  } catch (error) {
    count(ledger.calls.photon, error.status)
    throw error
  }
}

async function geocode(redis, position) {
  const [state, known] = await findCached(redis, position)
  count(ledger.lookups, state)
  if (state === 'hit') return known.street
  const { street } = await ask(position.place)
  await redis.hSet('places', position.place, JSON.stringify({ street, at: position.at }))
  return street
}

module.exports = { geocode, ledger, count }
