import type { Clock } from '../tracker-fetcher/clock.ts'
import type { Random } from './random.ts'

/** How a fault is switched on. Without `probability` and `every_n` it meets every request. */
export interface FaultSettings {
  readonly probability?: number
  readonly every_n?: number
  readonly ttl_ms?: number
  readonly delay_ms?: number
  readonly retry_after_s?: number
  readonly account?: string
}
type Parameter = keyof FaultSettings

interface Definition {
  readonly does: string
  readonly parameters: readonly Parameter[]
}

const SOMETIMES = ['probability', 'every_n', 'ttl_ms'] as const
const BY_ACCOUNT = [...SOMETIMES, 'account'] as const

export const FAULTS = {
  'anisette.down': { does: 'anisette refuses connections', parameters: ['ttl_ms'] },
  'anisette.empty': { does: 'anisette answers 200 with an empty body', parameters: SOMETIMES },
  'anisette.html': { does: 'anisette answers 200 with an HTML page', parameters: SOMETIMES },
  'anisette.slow': { does: 'anisette takes delay_ms (12000) longer', parameters: [...SOMETIMES, 'delay_ms'] },
  'http.500': { does: 'fetch answers 500', parameters: BY_ACCOUNT },
  empty_body: { does: 'fetch answers 200 with an empty body', parameters: BY_ACCOUNT },
  slow: { does: 'fetch takes delay_ms (12000) longer', parameters: [...BY_ACCOUNT, 'delay_ms'] },
  '429': {
    does: 'fetch answers 429 with an HTML page and Retry-After of retry_after_s (60)',
    parameters: [...BY_ACCOUNT, 'retry_after_s'],
  },
  reset: { does: 'fetch resets the connection', parameters: BY_ACCOUNT },
  malformed: { does: 'fetch answers 200 with truncated JSON', parameters: BY_ACCOUNT },
  'auth.revoke': {
    does: 'the session is revoked: once per account, or on every request met if probability or every_n is given; logging in again works',
    parameters: BY_ACCOUNT,
  },
  'auth.2fa': {
    does: 'sessions are revoked, and logging in wants a second factor until POST /accounts/submit-code or until switched off',
    parameters: ['ttl_ms', 'account'],
  },
} as const satisfies Record<string, Definition>
export type FaultName = keyof typeof FAULTS

/** What may be wrong with a parameter's value, as the end of a sentence. */
const EXPECTED: Readonly<Record<Parameter, { readonly sentence: string; readonly valid: (value: unknown) => boolean }>> = {
  probability: { sentence: 'a number above 0 and at most 1', valid: (value) => isNumber(value) && value > 0 && value <= 1 },
  every_n: { sentence: 'an integer of at least 1', valid: (value) => Number.isInteger(value) && Number(value) >= 1 },
  ttl_ms: { sentence: 'a number of milliseconds above 0', valid: (value) => isNumber(value) && value > 0 },
  delay_ms: { sentence: 'a number of milliseconds of at least 0', valid: (value) => isNumber(value) && value >= 0 },
  retry_after_s: { sentence: 'a number of seconds of at least 0', valid: (value) => isNumber(value) && value >= 0 },
  account: { sentence: 'the alias of an account', valid: (value) => typeof value === 'string' && value !== '' },
}

/** A name or value that does not exist; the message lists what does. `status` is the HTTP status that says so. */
export class FaultError extends Error {
  readonly status: 400 | 404

  constructor(status: 400 | 404, message: string) {
    super(message)
    this.name = 'FaultError'
    this.status = status
  }
}

export interface FaultState {
  readonly name: FaultName
  readonly does: string
  readonly parameters: readonly string[]
  readonly active: boolean
  readonly settings: FaultSettings
  /** Epoch milliseconds. */
  readonly since: number | null
  readonly expires_at: number | null
}

/** The request a fault may meet. Probes count apart, so that they don't shift which of the client's requests is the n-th. */
export interface Candidate {
  readonly probe: boolean
  readonly account?: string | undefined
}

interface Active {
  readonly settings: FaultSettings
  readonly since: number
  readonly ended: AbortController
  readonly seen: { client: number; probe: number }
}

/** A fault went on with `settings`, or off (undefined) after having been on with `before`. */
type Switched = (name: FaultName, settings: FaultSettings | undefined, before: FaultSettings | undefined) => Promise<void>

/** Which faults are on, and which of them meets a request. */
export class Faults {
  readonly #active = new Map<FaultName, Active>()
  readonly #clock: Clock
  readonly #random: Random
  readonly #aliases: readonly string[]
  readonly #switched: Switched

  /** `switched` is awaited whenever a fault goes on or off. */
  constructor(options: { clock: Clock; random: Random; aliases: readonly string[]; switched: Switched }) {
    this.#clock = options.clock
    this.#random = options.random
    this.#aliases = options.aliases
    this.#switched = options.switched
  }

  /** Switches a fault on; one that is on starts anew with the new settings. Throws FaultError. */
  async set(name: string, settings: unknown = {}): Promise<void> {
    const known = checkName(name)
    const checked = checkSettings(known, settings, this.#aliases)
    await this.clear(known)
    const ended = new AbortController()
    this.#active.set(known, { settings: checked, since: this.#clock.now(), ended, seen: { client: 0, probe: 0 } })
    if (checked.ttl_ms !== undefined) {
      void this.#clock.sleep(checked.ttl_ms, ended.signal).then(async () => {
        if (!ended.signal.aborted) await this.clear(known)
      })
    }
    await this.#switched(known, checked, undefined)
  }

  /** Switches a fault off. Throws FaultError if there is no such fault. */
  async clear(name: string): Promise<void> {
    const known = checkName(name)
    const active = this.#active.get(known)
    if (!active) return
    this.#active.delete(known)
    active.ended.abort()
    await this.#switched(known, undefined, active.settings)
  }

  /** Switches everything off; nothing is left running. */
  async clearAll(): Promise<void> {
    for (const name of this.#active.keys()) await this.clear(name)
  }

  /** The first of `names` that meets this request, with its settings. Each counts the requests it could have met, met by another or not. */
  pick<Name extends FaultName>(names: readonly Name[], request: Candidate): { name: Name; settings: FaultSettings } | undefined {
    let met: { name: Name; settings: FaultSettings } | undefined
    for (const name of names) {
      const active = this.#active.get(name)
      if (active && this.#meets(active, request)) met ??= { name, settings: active.settings }
    }
    return met
  }

  list(): readonly FaultState[] {
    return (Object.entries(FAULTS) as [FaultName, Definition][]).map(([name, { does, parameters }]) => {
      const active = this.#active.get(name)
      const ttl = active?.settings.ttl_ms
      return {
        name,
        does,
        parameters,
        active: active !== undefined,
        settings: active?.settings ?? {},
        since: active?.since ?? null,
        expires_at: active && ttl !== undefined ? active.since + ttl : null,
      }
    })
  }

  #meets(active: Active, request: Candidate): boolean {
    const { account, every_n, probability } = active.settings
    if (account !== undefined && account !== request.account) return false
    const count = ++active.seen[request.probe ? 'probe' : 'client']
    if (every_n !== undefined) return count % every_n === 0
    return probability === undefined || this.#random.next() < probability
  }
}

function checkName(name: string): FaultName {
  if (Object.hasOwn(FAULTS, name)) return name as FaultName
  throw new FaultError(404, `There is no fault ${JSON.stringify(name)}; there are ${Object.keys(FAULTS).join(', ')}.`)
}

function checkSettings(name: FaultName, settings: unknown, aliases: readonly string[]): FaultSettings {
  const parameters: readonly string[] = FAULTS[name].parameters
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new FaultError(400, `The settings of a fault are a JSON object with any of ${parameters.join(', ')}.`)
  }
  for (const [key, value] of Object.entries(settings)) {
    if (!parameters.includes(key))
      throw new FaultError(400, `${name} has no parameter ${JSON.stringify(key)}; it has ${parameters.join(', ')}.`)
    const { sentence, valid } = EXPECTED[key as Parameter]
    if (!valid(value)) throw new FaultError(400, `${key} of ${name} is ${JSON.stringify(value)}; expected ${sentence}.`)
    if (key === 'account' && !aliases.includes(String(value))) {
      throw new FaultError(400, `There is no account ${JSON.stringify(value)}; there are ${aliases.join(', ')}.`)
    }
  }
  if ('probability' in settings && 'every_n' in settings) {
    throw new FaultError(400, `${name} takes probability or every_n, not both.`)
  }
  return settings
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
