import type { Clock } from '../service/clock.ts'
import type { Random } from './random.ts'
import {
  EXPECTED,
  FAULTS,
  SIBLING_FAULTS,
  type FaultDefinition,
  type FaultName,
  type FaultSettings,
  type Parameter,
} from './fault-catalogue.ts'

export type { FaultName, FaultSettings } from './fault-catalogue.ts'

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
  readonly provider?: string | undefined
  readonly channel?: string | undefined
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
  readonly #definitions: ReadonlyMap<string, FaultDefinition>
  readonly #switching: (name: FaultName) => void
  readonly #switched: Switched

  constructor(options: {
    clock: Clock
    random: Random
    aliases: readonly string[]
    /** Whether the other services' simulators are there. */
    siblings: boolean
    /** Called before a fault goes on or off: what happened so far happened without the change. */
    switching: (name: FaultName) => void
    /** Awaited whenever a fault has gone on or off. */
    switched: Switched
  }) {
    this.#clock = options.clock
    this.#random = options.random
    this.#aliases = options.aliases
    this.#definitions = new Map(Object.entries({ ...FAULTS, ...(options.siblings && SIBLING_FAULTS) }))
    this.#switching = options.switching
    this.#switched = options.switched
  }

  /** Switches a fault on; one that is on starts anew with the new settings. Throws FaultError. */
  async set(name: string, settings: unknown = {}): Promise<void> {
    const known = this.#known(name)
    const checked = checkSettings(known, this.#definitions.get(known)!.parameters, settings, this.#aliases)
    await this.clear(known)
    this.#switching(known)
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
    const known = this.#known(name)
    const active = this.#active.get(known)
    if (!active) return
    this.#switching(known)
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
    return [...this.#definitions].map(([key, { does, parameters }]) => {
      const name = key as FaultName
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
    const { every_n, probability } = active.settings
    for (const filter of ['account', 'provider', 'channel'] as const) {
      if (active.settings[filter] !== undefined && active.settings[filter] !== request[filter]) return false
    }
    const count = ++active.seen[request.probe ? 'probe' : 'client']
    if (every_n !== undefined) return count % every_n === 0
    return probability === undefined || this.#random.next() < probability
  }

  #known(name: string): FaultName {
    if (this.#definitions.has(name)) return name as FaultName
    throw new FaultError(404, `There is no fault ${JSON.stringify(name)}; there are ${[...this.#definitions.keys()].join(', ')}.`)
  }
}

function checkSettings(name: FaultName, parameters: readonly string[], settings: unknown, aliases: readonly string[]): FaultSettings {
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
