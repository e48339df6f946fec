import type { AnisetteCache } from './anisette-cache.ts'
import type { AppleClient } from './apple-client.ts'
import type { Clock } from '../service/clock.ts'
import type { Log } from '../service/log.ts'
import { upstreamError } from '../service/upstream-error.ts'

export interface Session {
  readonly dsid: string
  readonly token: string
}

export interface Credentials {
  /** Names the account in logs; never the Apple ID itself. */
  readonly alias: string
  readonly appleId: string
  readonly password: string
}

export interface Account extends Credentials {
  session: Session | undefined
}

export type AccountState = 'logged_in' | 'require_2fa' | 'blocked' | 'logged_out' | 'unknown'

/** Best first. */
const STATES: readonly AccountState[] = ['logged_in', 'require_2fa', 'blocked', 'logged_out', 'unknown']

export interface AccountPoolSettings {
  /** How long an account that could not log in is left alone. */
  readonly pauseMs: number
  /** Between two requests of one account. */
  readonly intervalMs: number
}

interface Slot {
  readonly account: Account
  state: AccountState
  busy: boolean
  /** When it was last taken: epoch milliseconds. */
  takenAt: number
  /** Whether it made a request since. */
  used: boolean
  /** Not before this time, because of its last request: epoch milliseconds. */
  readyAt: number
  /** Not before this time, because it could not log in: epoch milliseconds. */
  pausedUntil: number
}

/**
 * Several Apple accounts, used in turn, each for one request at a time: Apple blocks accounts that ask too often or twice at once. Turns
 * are evenly spaced, also after an outage: accounts that all asked when it ended would ask together ever after.
 */
export class AccountPool {
  readonly #slots: Slot[]
  readonly #apple: AppleClient
  readonly #anisette: AnisetteCache
  readonly #takeCode: (alias: string) => Promise<string | undefined>
  readonly #clock: Clock
  readonly #settings: AccountPoolSettings
  readonly #log: Log
  #next = 0
  /** Epoch milliseconds. */
  #nextTurnAt = 0

  constructor(options: {
    accounts: readonly Credentials[]
    apple: AppleClient
    anisette: AnisetteCache
    /** The second-factor code a person left for the account, once. */
    takeCode: (alias: string) => Promise<string | undefined>
    clock: Clock
    settings: AccountPoolSettings
    log: Log
  }) {
    const now = options.clock.now()
    const { intervalMs } = options.settings
    this.#slots = options.accounts.map((credentials, index) => ({
      account: { ...credentials, session: undefined },
      state: 'unknown',
      busy: false,
      takenAt: now,
      used: false,
      readyAt: now + (index / options.accounts.length) * intervalMs,
      pausedUntil: 0,
    }))
    this.#apple = options.apple
    this.#anisette = options.anisette
    this.#takeCode = options.takeCode
    this.#clock = options.clock
    this.#settings = options.settings
    this.#log = options.log
  }

  /** The next account that may be used now; it is the caller's until released. */
  take(): Account | undefined {
    const now = this.#clock.now()
    if (now < this.#nextTurnAt) return undefined
    for (let i = 0; i < this.#slots.length; i++) {
      const index = (this.#next + i) % this.#slots.length
      const slot = this.#slots[index]!
      if (slot.busy || slot.readyAt > now || slot.pausedUntil > now) continue
      this.#next = index + 1
      this.#nextTurnAt = now + this.#settings.intervalMs / this.#slots.length
      Object.assign(slot, { busy: true, takenAt: now, used: false })
      return slot.account
    }
    return undefined
  }

  /** Gives the account back; if it made no request, its turn is free for another. */
  release(account: Account): void {
    const slot = this.#slot(account)
    slot.busy = false
    if (!slot.used) this.#nextTurnAt = this.#clock.now()
  }

  /** Whether any account is worth waiting for: false while all of them are paused. */
  usable(): boolean {
    const now = this.#clock.now()
    return this.#slots.some((slot) => slot.pausedUntil <= now)
  }

  /** When the next idle account may be used; Infinity if all are busy. Epoch milliseconds. */
  nextReadyAt(): number {
    return Math.max(
      this.#nextTurnAt,
      Math.min(...this.#slots.map((slot) => (slot.busy ? Infinity : Math.max(slot.readyAt, slot.pausedUntil)))),
    )
  }

  /** The account is about to make a request; its next turn is an interval after this one began. */
  used(account: Account): void {
    const slot = this.#slot(account)
    slot.used = true
    slot.readyAt = slot.takenAt + this.#settings.intervalMs
  }

  /** Leaves the account alone for at least so long, because Apple asked for it. */
  coolDown(account: Account, ms: number): void {
    const slot = this.#slot(account)
    slot.readyAt = Math.max(slot.readyAt, this.#clock.now() + ms)
  }

  /**
   * Logs the account in, with the code a person left if one is wanted. False if that failed: the account is then paused and
   * its state says why. Throws UpstreamError only if anisette is gone, which says nothing about the account.
   */
  async signIn(account: Account): Promise<boolean> {
    account.session = undefined
    const headers = await this.#anisette.headers()
    try {
      if (this.#slot(account).state === 'require_2fa') {
        const code = await this.#takeCode(account.alias)
        if (code !== undefined) await this.#apple.submitCode(account, code, headers)
      }
      const answer = await this.#apple.login(account, headers)
      if (answer.state === 'logged_in') account.session = answer.session
      else this.#pause(account, this.#settings.pauseMs)
      await this.setState(account, answer.state)
    } catch (error) {
      const { code } = upstreamError(error)
      if (code === 'anisette_invalid') this.#anisette.drop()
      // Refused credentials don't get better by themselves, and trying on locks the Apple ID.
      const blocked = code === '401' && this.#slot(account).state !== 'require_2fa'
      this.#pause(account, blocked ? Infinity : this.#settings.pauseMs)
      await this.setState(account, blocked ? 'blocked' : this.#slot(account).state === 'require_2fa' ? 'require_2fa' : 'logged_out')
    }
    return account.session !== undefined
  }

  /** Apple refused the account although it had just logged in. */
  async lose(account: Account): Promise<void> {
    account.session = undefined
    this.#pause(account, this.#settings.pauseMs)
    await this.setState(account, 'logged_out')
  }

  /** Every change of an account's state comes through here. Resolves to the best state in the pool: can anybody fetch? */
  async setState(account: Account, state: AccountState): Promise<AccountState> {
    const slot = this.#slot(account)
    if (slot.state !== state) this.#log('account', { account: account.alias, from: slot.state, to: state })
    slot.state = state
    return this.best()
  }

  best(): AccountState {
    return STATES.find((state) => this.#slots.some((slot) => slot.state === state)) ?? 'unknown'
  }

  #pause(account: Account, ms: number): void {
    this.#slot(account).pausedUntil = this.#clock.now() + ms
  }

  #slot(account: Account): Slot {
    const slot = this.#slots.find((candidate) => candidate.account === account)
    if (!slot) throw new Error(`account ${account.alias} is not of this pool`)
    return slot
  }
}
