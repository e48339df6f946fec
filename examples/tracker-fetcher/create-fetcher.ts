import { AccountPool } from './account-pool.ts'
import { AnisetteCache } from './anisette-cache.ts'
import { AnisetteClient } from './anisette-client.ts'
import { AppleClient } from './apple-client.ts'
import type { Environment } from '../service/environment.ts'
import type { Config } from './config.ts'
import { Fetcher } from './fetcher.ts'
import { Fleet } from './fleet.ts'
import { TrackerQueues } from './queues.ts'
import { ReportIntake } from './report-intake.ts'
import { SeenReports } from './seen-reports.ts'
import { TrackerStates } from './tracker-states.ts'

/** Puts the service together from its configuration and the world it lives in. */
export function createFetcher(config: Config, { clock, fetch, redis, random, log }: Environment): Fetcher {
  const giveUp = new AbortController()
  const transport = { fetch, clock, giveUp: giveUp.signal }
  const apple = new AppleClient(transport, config.appleUrl, config.appleTimeoutMs)
  const anisette = new AnisetteCache(new AnisetteClient(transport, config.anisetteUrl, config.anisetteTimeoutMs), clock)
  const fleet = new Fleet(config.fleetSecret, config.fleet)
  const accounts = new AccountPool({
    accounts: config.accounts,
    apple,
    anisette,
    takeCode: async (alias) => (await redis.getdel(`tracker:2fa:${alias}`)) ?? undefined,
    clock,
    settings: config.accountPool,
    log,
  })
  const intake = new ReportIntake({
    fleet,
    seen: new SeenReports(redis, config.reportsQueue),
    geofences: config.geofences,
    dwellMs: config.dwellMs,
    tierMoves: config.fetcher.tierMoves,
  })
  const parts = { clock, random, log, fleet, intake, apple, anisette, accounts, giveUp, settings: config.fetcher }
  return new Fetcher({ ...parts, queues: new TrackerQueues(redis), states: new TrackerStates(redis) })
}
