/** Pauses a service and lets it go on: everything that we know how to pause, and the hooks of health.config. */
import type { ControlConfig } from '../config/control-config.ts'
import type { Clock } from '../types.ts'
import type { ControlRequest, DesiredState } from '../wire/control-request.ts'
import { cleanText } from '../wire/clean-text.ts'
import { LONGEST_NAME } from '../wire/sizes.ts'
import { clockTime } from './clock-time.ts'

/** Milliseconds that a hook is waited for. */
const HOOK_MS = 30_000

/** What makes workers and functions wait: instrument/calls/hold.ts. */
export interface Waiting {
  begin(): void
  end(): void
  /** The process is to end: functions of the service wait no more, for it may wait for them. */
  letGo(): void
}

/** As it is said of the service, whatever it says of itself; `undefined`: it is held at nothing. */
export type Shown = { readonly phase: 'paused' | 'draining'; readonly reason: string } | undefined

export interface HoldingOptions {
  readonly waiting: Waiting
  readonly hooks: Pick<ControlConfig, 'onPause' | 'onResume'>
  readonly show: (shown: Shown) => void
  readonly clock: Clock
}

/** What a service is held at, as what it is shown, and for whose request; nobody's where its supervisor wants it. */
export interface HeldAt {
  readonly state: DesiredState
  readonly shown: NonNullable<Shown>
  readonly request?: ControlRequest
}

export class Holding {
  readonly #options: HoldingOptions
  #isPausedByHook = false
  #pausing: Promise<void> | undefined
  #resuming: Promise<void> | undefined
  #couldNotGoOn = false
  #at: HeldAt | undefined

  constructor(options: HoldingOptions) {
    this.#options = options
  }

  /** `undefined`: it works. */
  get at(): HeldAt | undefined {
    return this.#at
  }

  /** Whether it works, but for what it pauses itself: that could not be let go on. It can be resumed again. */
  get isPausedInPart(): boolean {
    return !this.#at && this.#couldNotGoOn
  }

  /** From now on nothing is taken. What the service pauses itself is not paused yet. */
  begin(at: HeldAt): void {
    this.#at = at
    this.#options.waiting.begin()
    this.#options.show(at.shown)
  }

  /** As `begin`; resolves when the service has paused what it pauses itself. Rejects with one sentence, and is then held as it was before. */
  async pause(at: HeldAt): Promise<void> {
    const before = this.#at
    this.begin(at)
    try {
      await this.pauseByHook()
    } catch (error) {
      // Whoever has called it off meanwhile is obeyed.
      if (this.#at !== at) throw error
      if (before) this.begin(before)
      else this.#goOn()
      throw error
    }
  }

  /** Rejects with one sentence. */
  async pauseByHook(): Promise<void> {
    if (this.#isPausedByHook) return
    this.#pausing ??= this.#call('onPause')
      .then(() => void (this.#isPausedByHook = true))
      .finally(() => (this.#pausing = undefined))
    await this.#pausing
    // It was called off meanwhile.
    if (!this.#at) await this.resumeByHook()
  }

  /** All goes on. Rejects with one sentence if the service could not let go on what it pauses itself. */
  async resume(): Promise<void> {
    this.#goOn()
    await this.resumeByHook()
  }

  /** Rejects with one sentence. */
  async resumeByHook(): Promise<void> {
    if (this.#isPausedByHook) this.#resuming = this.#letGoOn().finally(() => (this.#resuming = undefined))
    await this.#resuming
  }

  async #letGoOn(): Promise<void> {
    this.#isPausedByHook = false
    try {
      await this.#call('onResume')
    } catch (error) {
      this.#isPausedByHook = true
      this.#say(true)
      throw error
    }
    this.#say(false)
  }

  /** Whether it is paused in part is shown with the rest. */
  #say(couldNotGoOn: boolean): void {
    if (this.#couldNotGoOn === couldNotGoOn) return
    this.#couldNotGoOn = couldNotGoOn
    this.#options.show(this.#at?.shown)
  }

  #goOn(): void {
    this.#at = undefined
    this.#options.show(undefined)
    this.#options.waiting.end()
  }

  async #call(name: 'onPause' | 'onResume'): Promise<void> {
    const { hooks, clock } = this.#options
    const hook = hooks[name]
    if (!hook) return
    const { promise, reject } = Promise.withResolvers<never>()
    const cancel = clock.after(HOOK_MS, () => reject(new Error(`${name} of health.config took longer than ${HOOK_MS / 1000} s`)))
    try {
      await Promise.race([callOf(name, hook), promise])
    } finally {
      cancel()
    }
  }
}

/** Of what it throws only the code or the class is told: its message may hold anything. */
async function callOf(name: string, hook: () => unknown): Promise<void> {
  try {
    await hook()
  } catch (error) {
    const { code, name: of } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
    const what = [code, of].find((each): each is string => typeof each === 'string' && each !== '') ?? 'an error'
    throw new Error(`${name} of health.config threw ${cleanText(what).slice(0, LONGEST_NAME)}`, { cause: error })
  }
}

/** "paused by ann until 12:00 UTC: why". `now`: epoch milliseconds of the server. */
export function heldReason(what: 'paused' | 'stopped' | 'draining', { actor, why, until }: ControlRequest, now: number): string {
  const end = what === 'paused' && until !== null ? ` until ${clockTime(until, now)}` : ''
  const how = what === 'stopped' ? `: start it to have it work again` : ''
  return `${what} by ${actor}${end}: ${why}${how}`
}
