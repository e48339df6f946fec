/** An instance that is asked things, on a clock that the test sets, with its answers as they would be written. */
import { setImmediate } from 'node:timers/promises'

import type { ControlConfig } from '../../src/config/control-config.ts'
import { Hold } from '../../src/instrument/calls/hold.ts'
import { Answers } from '../../src/obey/answers.ts'
import { Holding, type Shown } from '../../src/obey/holding.ts'
import { Obedience, type ObedienceOptions } from '../../src/obey/obedience.ts'
import { QueueGrowth } from '../../src/obey/queue-growth.ts'
import { ServerTime } from '../../src/obey/server-time.ts'
import { WorkInHand } from '../../src/record/work-in-hand.ts'
import { CONTROL_ACTIONS, parseAnswer, type ControlAction, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import type { PublisherClient } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

export interface AskedInstanceOptions extends Partial<Pick<ObedienceOptions, 'supervised' | 'turn' | 'pausable'>> {
  readonly hooks?: Pick<ControlConfig, 'onPause' | 'onResume'>
}

export class AskedInstance {
  readonly clock = new VirtualClock()
  readonly inHand = new WorkInHand(this.clock)
  readonly hold = new Hold(this.clock)
  readonly obedience: Obedience
  shown: Shown
  /** How much waits in its queues. */
  waiting: number | undefined
  /** How often it was sent SIGTERM. */
  ends = 0
  /** What it said of a drain that goes on, each time; '': only how much is in hand. */
  readonly progress: string[] = []
  readonly #answers: string[] = []
  #asked = 0

  constructor({ hooks = {}, ...options }: AskedInstanceOptions = {}) {
    const { clock, inHand, hold } = this
    this.inHand.see()
    const time = new ServerTime(clock)
    const client = {
      healthAnswer: (...[, , , text]: readonly string[]) => {
        const { action, state, reason, ...answer } = parseAnswer(text!)!
        if (answer.inHand !== undefined && state === 'accepted') this.progress.push(reason ?? '')
        this.#answers.push(`${action} ${state}${reason === undefined ? '' : `: ${reason}`}`)
        return Promise.resolve('ours')
      },
    } as unknown as PublisherClient
    const connection = { up: true, run: <T>(command: (asked: PublisherClient) => Promise<T>) => command(client) }
    this.obedience = new Obedience({
      ...{ instance: 'i1', allow: CONTROL_ACTIONS, inHand, time, clock, drainLimitMs: 60_000, saysDraining: () => false },
      ...{ supervised: undefined, turn: undefined, pausable: () => ({ any: true, goesOn: [] }), ...options },
      answers: new Answers({ connection, names: shardNames(), service: 'mailer', instance: 'i1', clock, time }),
      holding: new Holding({ waiting: hold, hooks, clock, show: (shown) => (this.shown = shown) }),
      growth: new QueueGrowth(() => this.waiting),
      end: () => this.ends++,
    })
  }

  /** Of a pause it is `forSeconds` until it ends. */
  async ask(action: ControlAction, forSeconds: number = 3600): Promise<ControlRequest> {
    const at = this.clock.epochMs()
    const request: ControlRequest = {
      ...{ id: `${++this.#asked}`.padStart(32, '0'), action, service: 'mailer', instance: null, actor: 'ann', from: 'laptop' },
      ...{ why: `to ${action}`, at, expires: at + 60_000, until: action === 'pause' ? at + forSeconds * 1000 : null },
    }
    await this.obedience.consider(request)
    await this.pass(0)
    return request
  }

  async pass(seconds: number): Promise<void> {
    await setImmediate()
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1000)
      await setImmediate()
    }
  }

  /** What it has answered since it was looked at last, without what it said while it went on. */
  said(): readonly string[] {
    return this.#answers.splice(0).filter((answer) => !/^\w+ accepted/.test(answer))
  }
}
