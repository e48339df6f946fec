import type { Account, AccountPool } from './account-pool.ts'
import type { AnisetteCache } from './anisette-cache.ts'
import type { AnisetteHeaders } from './anisette-client.ts'
import type { EncryptedReports } from './apple-client.ts'
import type { Clock } from '../service/clock.ts'
import { upstreamError, type UpstreamError } from '../service/upstream-error.ts'

export interface Fetched {
  readonly reports?: EncryptedReports
  readonly error?: UpstreamError
  /** One error code per repetition that was really sent. */
  readonly retries: readonly string[]
}

/** Apple's known bug: a request that was answered with nothing succeeds when it is sent again a few seconds later. */
const EMPTY_BODY_DELAYS_MS = [2_000, 4_000, 6_000, 8_000, 10_000]

export interface InLineRetryOptions {
  readonly request: (headers: AnisetteHeaders) => Promise<EncryptedReports>
  readonly account: Account
  readonly accounts: AccountPool
  readonly anisette: AnisetteCache
  readonly clock: Clock
  /** Factor on the delays. */
  readonly scale: number
  /** Ends the waiting: no repetition is sent afterwards. */
  readonly stop: AbortSignal
}

/**
 * Sends one request and repeats it where that alone can help: after an empty body, up to five times, and once after a 401 if
 * the account could log in again. Any other failure is final here. Throws UpstreamError only if anisette is gone before the
 * first request: then none was made.
 */
export async function fetchWithRetries(options: InLineRetryOptions): Promise<Fetched> {
  const { account, accounts, anisette, clock, scale, stop } = options
  const retries: string[] = []
  let empties = 0
  let signedIn = false
  let headers = await anisette.headers()
  for (;;) {
    let failure: UpstreamError
    try {
      return { reports: await options.request(headers), retries }
    } catch (error) {
      failure = upstreamError(error)
    }
    const final = { error: failure, retries }
    try {
      if (failure.code === 'empty_body') {
        const delay = EMPTY_BODY_DELAYS_MS[empties++]
        if (delay === undefined) return final
        await clock.sleep(delay * scale, stop)
      } else if (failure.code === '401') {
        // The token may be dead or the device refused: with fresh headers a login tells, and one is enough.
        anisette.drop()
        if (signedIn) await accounts.lose(account)
        if (signedIn || !(await accounts.signIn(account))) return final
        signedIn = true
      } else return final
      if (stop.aborted) return final
      headers = await anisette.headers()
    } catch (error) {
      upstreamError(error)
      return final
    }
    retries.push(failure.code)
  }
}
