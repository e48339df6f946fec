/** A supervisor with a process that does what a test says, on a clock that the test sets. */
import type { Effect, Event, SupervisorOptions } from '../../src/supervise/events.ts'
import { Supervisor } from '../../src/supervise/supervisor.ts'
import type { ProcessState } from '../../src/supervised/supervised.ts'

const OPTIONS: SupervisorOptions = {
  ...{ id: 'supervisor', what: 'node service.js', restart: 'on-failure', watchOnly: false, exitOnGiveUp: false },
  ...{ hangMs: 30_000, maxMemoryBytes: 100e6, graceMs: 10_000, killAfterMs: 5000 },
  ...{ intensity: 5, periodMs: 600_000, firstPauseMs: 1000, longestPauseMs: 60_000 },
  ...{ longestLocalPauseMs: 0, toldAgainMs: 1_800_000, isNamed: true, random: () => 0 },
}

export const STATE: ProcessState = {
  ...{ service: 'orders', instance: 'a', phase: 'running', status: 'healthy', drainLimitSeconds: 60 },
  ...{ inHand: { count: 0, oldestSeconds: 0, oldest: [] }, recover: [], allow: ['stop', 'start', 'restart'] },
}

export class SupervisedRun {
  readonly supervisor: Supervisor
  readonly effects: Effect[] = []
  now = 0

  constructor(options: Partial<SupervisorOptions> = {}) {
    this.supervisor = new Supervisor({ ...OPTIONS, ...options })
    this.handle({ is: 'begin' })
  }

  handle(event: Event): this {
    this.effects.push(...this.supervisor.handle(event, this.now))
    return this
  }

  beat(state: Partial<ProcessState> = {}, isInspected: boolean = false): this {
    return this.handle({ is: 'beat', state: { ...STATE, ...state }, isInspected })
  }

  /** Each second a tick, and `each` before it. */
  pass(seconds: number, each: (run: SupervisedRun) => void = () => {}): this {
    for (let i = 0; i < seconds; i++) {
      this.now += 1000
      each(this)
      this.handle({ is: 'tick' })
    }
    return this
  }

  /** Ready, and its grace is over. */
  up(state: Partial<ProcessState> = {}): this {
    return this.beat(state).pass(11, () => this.beat(state))
  }

  exit(code: number | null, signal: NodeJS.Signals | null = null): this {
    return this.handle({ is: 'exited', exit: { code, signal } })
  }

  /** Whoever speaks to Redis has said all that was reported. */
  told(): this {
    const { death, down } = this.supervisor.report()
    if (death) this.handle({ is: 'heard', heard: { is: 'told', what: 'death', n: death.n } })
    if (down) this.handle({ is: 'heard', heard: { is: 'told', what: 'down', n: down.n } })
    return this
  }

  granted(granted: boolean = true): this {
    return this.handle({ is: 'heard', heard: { is: 'recovery', granted } })
  }

  /** Of what was done, without what was only said. */
  get done(): readonly string[] {
    return this.effects.flatMap((effect) => {
      if (effect.do === 'say') return []
      if (effect.do === 'signal') return [effect.signal]
      if (effect.do === 'exit') return [`exit ${effect.exit.signal ?? effect.exit.code}`]
      return [effect.do]
    })
  }

  get said(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.do === 'say' ? [effect.text] : []))
  }
}
