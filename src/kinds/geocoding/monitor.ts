/** GeocodingHealthMonitor: a WorkerHealthMonitor that knows of a cache and of providers' quotas. */
import { isAmount } from '../../record/amount.ts'
import { cleanName } from '../../record/bounded-values.ts'
import type { LevelHandle } from '../../record/recording.ts'
import type { Fields } from '../../record/tallies.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import { WORK_UPSTREAM } from '../worker/metrics.ts'
import { WorkerHealthMonitor } from '../worker/monitor.ts'
import type { WorkApiCall } from '../worker/work-recorder.ts'
import type { GeocodingConfig } from './config.ts'
import { checkQuotas } from './config.ts'
import { geocodingJudging } from './judging.ts'
import type { CacheResult } from './metrics.ts'
import { QUOTA_USAGE } from './metrics.ts'
import type { Quota } from './quota.ts'
import { QuotaUse } from './quota.ts'
import { QUOTA_LIMIT } from './rules.ts'

export interface GeocodingHealthMonitorOptions extends ServiceHealthMonitorOptions {
  /** What each provider allows, by its name; instead of those of health.config. */
  readonly quotas?: Readonly<Record<string, Quota>>
}

interface CountedQuota {
  readonly use: QuotaUse
  readonly level: LevelHandle
}

/** Recording calls never throw: what cannot be used is dropped and counted in `health.records.dropped`. */
export class GeocodingHealthMonitor extends WorkerHealthMonitor {
  readonly #quotas: ReadonlyMap<string, CountedQuota>

  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: GeocodingHealthMonitorOptions = {}) {
    super(options, geocodingJudging)
    const quotas = options.quotas ?? (options.config as GeocodingConfig | undefined)?.quotas ?? {}
    checkQuotas(quotas, 'quotas')
    const now = this.clock.epochMs()
    this.#quotas = new Map(
      Object.entries(quotas).map(([provider, quota]) => [
        provider,
        { use: new QuotaUse(quota, now), level: this.recording.level(QUOTA_USAGE, { [WORK_UPSTREAM]: cleanName(provider) }) },
      ]),
    )
    const certain = (this.limitOf('quota_nearly_used', '%') ?? QUOTA_LIMIT) / 100
    if (this.#quotas.size > 0) this.recording.onCollect(() => this.#tellQuotas(certain))
  }

  /** One place looked up in the cache. */
  recordLookup(lookup: { readonly result: CacheResult }): void {
    this.record('lookup', lookup)
  }

  /** What a provider says of its quota, as in the headers of an answer: `used` of `limit` requests, both >= 0. */
  recordQuota(quota: { readonly provider: string; readonly used: number; readonly limit: number }): void {
    this.record('quota', quota)
  }

  /** One call to a provider, by the name of the upstream; `errorType: 429` if it asks for fewer calls. */
  override recordApiCall(call: WorkApiCall): void {
    super.recordApiCall(call)
    // What was refused for too many calls is not used up.
    if (String(call?.errorType) !== '429') this.#quotas.get(call?.upstream)?.use.count(this.clock.epochMs())
  }

  protected override completed(name: string, fields: Fields): Fields {
    if (name !== 'quota') return fields
    const { provider, used, limit } = fields
    const usage = amountOf(used) / amountOf(limit)
    // What the provider says is so, whatever was counted here: others may use the same quota.
    if (typeof provider === 'string' && isAmount(usage)) this.#quotas.get(provider)?.use.told(usage, this.clock.epochMs())
    return { ...fields, usage }
  }

  #tellQuotas(certain: number): void {
    const now = this.clock.epochMs()
    for (const { use, level } of this.#quotas.values()) {
      const usage = use.usage(now, certain)
      if (usage !== undefined) level.set(usage)
    }
  }
}

/** As it is, or as the text of a header. */
function amountOf(given: unknown): number {
  const amount = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  return isAmount(amount) ? amount : Number.NaN
}
