/** Where trackers were last. */
const known = {}

/** `name:from:to` -> [name, from, to] */
export async function readFences(redis) {
  const lines = await redis.lRange('fences', 0, -1)
  return lines.map((line) => {
    const [name, ...bounds] = line.split(':')
    return [name, ...bounds.map(Number)]
  })
}

/** Resolves with the crossings of borders, or to `stale` where more is known by now. */
export const check = async (fences, { tracker, x, at, receivedAt }) => {
  if (!Number.isFinite(x)) throw Object.assign(new TypeError('where?'), { code: 'bad_report' })
  const before = known[tracker]
  if (before && before.at > at) return 'stale'
  const [inside = null] = fences.find(([, from, to]) => x >= from && x < to) ?? []
  const stays = before?.inside === inside
  known[tracker] = { at, inside, stays: stays ? before.stays + 1 : 0 }
  const crossings = []
  if (!stays && before?.inside) crossings.push('exit')
  if (!stays && inside) crossings.push('enter')
  if (inside && known[tracker].stays === 1) crossings.push('dwell')
  return { crossings, delay: (receivedAt - at) / 1000 }
}
