const LATE_MS = 3_600_000

class BadReport extends Error {
  code = 'bad_report'
}

export class GeofenceEngine {
  #redis
  #fences = []
  /** Where each tracker was last: when, in which fence, and for how many reports. */
  #trackers = new Map()

  constructor(redis) {
    this.#redis = redis
  }

  /** Fences are given as `name:from:to`. */
  async load() {
    const lines = await this.#redis.lrange('fences', 0, -1)
    this.#fences = lines.map((line) => line.split(':')).map(([name, from, to]) => ({ name, from: Number(from), to: Number(to) }))
    return { active: this.#fences.length }
  }

  /** Throws BadReport for one that says no place. */
  evaluate({ tracker, x, at, receivedAt }) {
    if (typeof x !== 'number') throw new BadReport(`a report of ${tracker} without a place`)
    const before = this.#trackers.get(tracker) ?? { at: 0, fence: undefined, reports: 0 }
    if (at < before.at) return { timing: 'out_of_order', events: [] }
    const fence = this.#fenceAt(x)
    const reports = fence === before.fence ? before.reports + 1 : 1
    this.#trackers.set(tracker, { at, fence, reports })
    return {
      timing: receivedAt - at > LATE_MS ? 'late' : 'in_order',
      events: transitions(before.fence, fence, reports).map((transition) => ({ transition, latencyMs: receivedAt - at })),
    }
  }

  #fenceAt(x) {
    return this.#fences.find(({ from, to }) => from <= x && x < to)?.name
  }
}

/** Who was seen twice in a fence stays there. */
function transitions(before, now, reports) {
  if (before === now) return now !== undefined && reports === 2 ? ['dwell'] : []
  return [...(before === undefined ? [] : ['exit']), ...(now === undefined ? [] : ['enter'])]
}
