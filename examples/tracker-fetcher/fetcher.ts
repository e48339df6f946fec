import type { Account, AccountPool } from './account-pool.ts'
import type { AnisetteCache } from './anisette-cache.ts'
import type { AppleClient } from './apple-client.ts'
import { NO_EVENTS, type Attempt, type Batch, type BatchResult } from './batch.ts'
import type { Clock } from '../service/clock.ts'
import type { Fleet } from './fleet.ts'
import { fetchWithRetries, type Fetched } from './in-line-retry.ts'
import type { Log } from '../service/log.ts'
import type { Lease, Placement, TrackerQueues } from './queues.ts'
import type { ReportIntake } from './report-intake.ts'
import { placement, pollDelayMs, type ScheduleSettings } from './schedule.ts'
import type { TrackerState, TrackerStates } from './tracker-states.ts'
import { upstreamError } from '../service/upstream-error.ts'

export interface FetcherSettings extends ScheduleSettings {
  /** Trackers per call to Apple, at most. */
  readonly batchSize: number
  /** A batch that takes longer than this is taken to be lost, and its trackers become due again. */
  readonly leaseMs: number
  /** Before trying again while anisette, every account or Redis is gone. */
  readonly outagePauseMs: number
  /** How long a tracker in `immediate` may stay unnoticed while nothing else is due. */
  readonly idlePollMs: number
  /** How long open calls may take once the service is to stop. */
  readonly drainMs: number
  readonly inlineRetryScale: number
}

/** Trackers this process leased, and what became of them: leased = attempted + skipped + released once drained. */
export interface FetcherCounts {
  readonly leased: number
  readonly attempted: number
  readonly skipped: number
  readonly released: number
}

export interface FetcherParts {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly fleet: Fleet
  readonly queues: TrackerQueues
  readonly states: TrackerStates
  readonly intake: ReportIntake
  readonly apple: AppleClient
  readonly anisette: AnisetteCache
  readonly accounts: AccountPool
  readonly settings: FetcherSettings
  /** Aborted when a drain has lasted `drainMs`, to end calls in flight. */
  readonly giveUp: AbortController
}

/** Takes due trackers in batches and asks Apple for their reports, one batch per free account at a time. */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #stop = new AbortController()
  readonly #open = new Set<Promise<void>>()
  readonly #counts = { leased: 0, attempted: 0, skipped: 0, released: 0 }
  #wake = new AbortController()
  #resumeAt = 0
  #batches = 0
  #loop: Promise<void> | undefined
  readonly #tokenPrefix: string

  constructor(parts: FetcherParts) {
    this.#parts = parts
    this.#tokenPrefix = parts.random().toString(36).slice(2)
  }

  /** Schedules what is new and begins to fetch. */
  async start(): Promise<void> {
    await this.enrol()
    this.#loop = this.#run()
  }

  /** Schedules trackers of the fleet that Redis doesn't know, spread over their interval: all of them if Redis came back empty. */
  async enrol(): Promise<void> {
    const { clock, random, fleet, states, queues, settings } = this.#parts
    const trackers = [...fleet.trackers()]
    const added = await states.enrol(trackers)
    const now = clock.now()
    await queues.schedule(
      trackers
        .filter(({ id }) => added.has(id))
        .map(({ id, tier }) => ({ trackerId: id, tier, dueAt: now + random() * pollDelayMs(tier, settings, random) })),
    )
  }

  /** Leases nothing more and waits until every open batch is finished; calls in flight get `drainMs`, repetitions are not waited for. */
  async drain(): Promise<void> {
    const { clock, settings, giveUp } = this.#parts
    this.#stop.abort()
    const drained = new AbortController()
    void clock.sleep(settings.drainMs, drained.signal).then(() => {
      if (!drained.signal.aborted) giveUp.abort()
    })
    await this.#loop
    drained.abort()
  }

  counts(): FetcherCounts {
    return { ...this.#counts }
  }

  /** Looks up one batch. Resolves whatever Apple and anisette do; a failed call is a result whose attempts all failed. */
  async processBatch(batch: Batch): Promise<BatchResult> {
    const nothing = { tier: batch.tier, attempts: [], retries: [], skipped: null, geofence: NO_EVENTS, decryptFailures: 0 }
    const held: { account: Account | undefined } = { account: batch.account }
    try {
      const fetched = this.#stop.signal.aborted ? 'not now' : await this.#fetch(batch, held)
      if (fetched === 'not now') {
        await this.#release(batch)
        this.#counts.released += batch.trackerIds.length
        return nothing
      }
      if (typeof fetched === 'string') {
        this.#resumeAt = this.#parts.clock.now() + this.#parts.settings.outagePauseMs
        await this.#release(batch)
        this.#counts.skipped += batch.trackerIds.length
        return { ...nothing, skipped: { reason: fetched, count: batch.trackerIds.length } }
      }
      this.#counts.attempted += batch.trackerIds.length
      return await this.#finish(batch, fetched)
    } finally {
      if (held.account) this.#parts.accounts.release(held.account)
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#step()
      } catch (error) {
        this.#parts.log('queue', { error: String(error) })
        await this.#idle(this.#parts.settings.outagePauseMs)
      }
    }
    while (this.#open.size > 0) await Promise.all(this.#open)
  }

  /** Leases the next batch, from now on. */
  async leaseNext(): ReturnType<TrackerQueues['lease']> {
    const { clock, settings, queues } = this.#parts
    const now = clock.now()
    return await queues.lease(now, settings.batchSize, now + settings.leaseMs, `${this.#tokenPrefix}-${++this.#batches}`)
  }

  /** Starts one batch, or waits until there may be something to do. */
  async #step(): Promise<void> {
    const { accounts, clock, settings } = this.#parts
    const now = clock.now()
    if (now < this.#resumeAt) return await this.#idle(this.#resumeAt - now)
    const account = accounts.take()
    if (!account && accounts.usable()) return await this.#idle(Math.min(settings.idlePollMs, Math.max(1, accounts.nextReadyAt() - now)))
    let lease: Awaited<ReturnType<TrackerQueues['lease']>>
    try {
      lease = await this.leaseNext()
    } catch (error) {
      if (account) accounts.release(account)
      throw error
    }
    if ('nextDueAt' in lease) {
      if (account) accounts.release(account)
      return await this.#idle(Math.min(settings.idlePollMs, Math.max(1, lease.nextDueAt - now)))
    }
    this.#counts.leased += lease.trackerIds.length
    const open: Promise<void> = this.processBatch({ ...lease, account }).then(
      () => this.#closed(open),
      (error: unknown) => {
        this.#parts.log('batch', { error: String(error) })
        this.#closed(open)
      },
    )
    this.#open.add(open)
    // Without an account the batch can only be skipped: its pause must be known before the next step.
    if (!account) await open
  }

  #closed(open: Promise<void>): void {
    this.#open.delete(open)
    this.#wake.abort()
  }

  async #idle(ms: number): Promise<void> {
    this.#wake = new AbortController()
    await this.#parts.clock.sleep(ms, AbortSignal.any([this.#wake.signal, this.#stop.signal]))
  }

  /**
   * Makes the call, or says what is gone so that none can be made; `not now` if the account was lost while others are only busy.
   * `held.account` is always the account this batch holds.
   */
  async #fetch(batch: Batch, held: { account: Account | undefined }): Promise<Fetched | 'anisette' | 'auth' | 'not now'> {
    const { accounts, anisette, apple, clock, fleet, settings } = this.#parts
    try {
      await anisette.headers()
      while (held.account && !held.account.session && !(await accounts.signIn(held.account))) {
        accounts.release(held.account)
        held.account = accounts.take()
      }
      const account = held.account
      if (!account) return accounts.usable() ? 'not now' : 'auth'
      const devices = batch.trackerIds.map((trackerId) => ({ trackerId, keyIds: [fleet.key(trackerId).keyId] }))
      accounts.used(account)
      const fetched = await fetchWithRetries({
        request: (headers) => apple.fetchReports(account, devices, headers, batch.token),
        account,
        accounts,
        anisette,
        clock,
        scale: settings.inlineRetryScale,
        stop: this.#stop.signal,
      })
      if (fetched.error?.code === '429') accounts.coolDown(account, fetched.error.retryAfterMs ?? settings.retryBaseMs)
      return fetched
    } catch (error) {
      upstreamError(error)
      return 'anisette'
    }
  }

  async #finish(batch: Batch, { reports, error, retries }: Fetched): Promise<BatchResult> {
    const { clock, intake, states } = this.#parts
    try {
      const before = await states.load(batch.trackerIds)
      if (!reports) {
        await this.#settle(batch, failOnce(batch.trackerIds, before), error?.retryAfterMs)
        return failed(batch, retries, error?.code ?? '_OTHER')
      }
      const taken = await intake.take(batch.trackerIds, before, reports, clock.now())
      await this.#settle(batch, taken.states)
      const { attempts, geofence, decryptFailures } = taken
      return { tier: batch.tier, attempts, retries, skipped: null, geofence, decryptFailures }
    } catch (cause) {
      // Redis failed: nothing is lost, for the lease runs out and the trackers become due again.
      this.#parts.log('intake', { error: String(cause) })
      return failed(batch, retries, error?.code ?? '_OTHER')
    }
  }

  async #settle(batch: Batch, states: ReadonlyMap<string, TrackerState>, retryAfterMs = 0): Promise<void> {
    const { clock, queues, random, settings } = this.#parts
    await this.#parts.states.save(states)
    const now = clock.now()
    const placements: Placement[] = [...states].map(([id, state]) => placement(id, state, settings, now, random, retryAfterMs))
    await queues.settle(batch.token, placements)
  }

  async #release(lease: Lease): Promise<void> {
    try {
      await this.#parts.queues.release(lease)
    } catch (error) {
      this.#parts.log('release', { error: String(error) })
    }
  }
}

function failOnce(trackerIds: readonly string[], before: readonly TrackerState[]): ReadonlyMap<string, TrackerState> {
  return new Map(trackerIds.map((id, index) => [id, { ...before[index]!, failures: before[index]!.failures + 1 }]))
}

function failed(batch: Batch, retries: readonly string[], errorType: string): BatchResult {
  const attempt: Attempt = { outcome: 'failed', errorType, newReports: 0, duplicateReports: 0 }
  return {
    tier: batch.tier,
    attempts: batch.trackerIds.map(() => attempt),
    retries,
    skipped: null,
    geofence: NO_EVENTS,
    decryptFailures: 0,
    errorType,
  }
}
