const FASTEST = 300

export class Aggregator {
  seen = new Set()
  positions = new Map()

  /** Throws, and keeps none of them, if the store refuses one. */
  aggregate = async (reports) => {
    const startedAt = Date.now()
    const result = { received: reports.length, merged: 0, duplicates: 0, implausible: 0, lagMs: startedAt - newest(reports) }
    if (reports.some(({ tracker }) => tracker === 'refused')) throw Object.assign(new Error('no such tracker'), { code: 'conflict' })
    for (const report of reports) result[this.take(report)]++
    return result
  }

  take = ({ id, tracker, x, at, speed }) => {
    if (this.seen.has(id)) return 'duplicates'
    this.seen.add(id)
    if (speed > FASTEST) return 'implausible'
    const before = this.positions.get(tracker)
    if (!before || before.at < at) this.positions.set(tracker, { x, at })
    return 'merged'
  }
}

function newest(reports) {
  return Math.max(...reports.map(({ receivedAt }) => receivedAt))
}
