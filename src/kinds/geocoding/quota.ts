/** How much of a provider's quota is used, by counting calls. Pure: time is an argument. */

export const PERIODS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** So many requests in each minute, hour or day of UTC. */
export interface Quota {
  readonly requests: number
  readonly per: keyof typeof PERIODS
}

/**
 * What an instance that began in the midst of a period has counted is only the least that was used: as long as that is little, nobody knows
 * how much it was, and a quota that was nearly used before a restart is not said to be free after it.
 */
export class QuotaUse {
  readonly #quota: Quota
  readonly #startedAt: number
  #period: number
  #used = 0
  /** The period of which the provider said how much was used. */
  #toldPeriod: number | undefined

  /** `epochMs`: since when calls are counted. */
  constructor(quota: Quota, epochMs: number) {
    this.#quota = quota
    this.#startedAt = epochMs
    this.#period = this.#periodOf(epochMs)
  }

  count(epochMs: number): void {
    this.#turn(epochMs)
    this.#used++
  }

  /** What the provider says of the present period, from 0 to 1; what is counted after that is used besides. */
  told(usage: number, epochMs: number): void {
    this.#turn(epochMs)
    this.#used = usage * this.#quota.requests
    this.#toldPeriod = this.#period
  }

  /** From 0 to 1, or beyond where the provider lets it. `undefined`: not known, for it is not even `certain` by what was counted. */
  usage(epochMs: number, certain: number): number | undefined {
    this.#turn(epochMs)
    const usage = this.#used / this.#quota.requests
    const isWhole = this.#startedAt <= this.#period * PERIODS[this.#quota.per] || this.#toldPeriod === this.#period
    return isWhole || usage >= certain ? usage : undefined
  }

  #turn(epochMs: number): void {
    const period = this.#periodOf(epochMs)
    if (period === this.#period) return
    this.#period = period
    this.#used = 0
  }

  #periodOf(epochMs: number): number {
    return Math.floor(epochMs / PERIODS[this.#quota.per])
  }
}
