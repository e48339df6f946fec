import { Redis } from 'ioredis'
import { dependenciesOf } from '../../../src/subscribe/dependencies.ts'
import { readSnapshot } from '../../../src/subscribe/snapshot.ts'
import type { DiscreteClock } from '../../simulators/discrete-clock.ts'
import type { Simulators } from '../../simulators/start.ts'
import { enterCodes } from '../enter-codes.ts'
import { Archive } from './archive.ts'
import { Couriers } from './couriers.ts'
import type { ServiceName } from './services.ts'
import type { Step } from './steps.ts'

/** Whose being well the steps `marked` ask about. */
const CAUSE: ServiceName = 'tracker_fetcher'

/** Whoever does what the timeline says. */
export class Actors {
  readonly redis: Redis
  readonly couriers: Couriers
  readonly archive: Archive
  readonly #clock: DiscreteClock
  readonly #simulators: Simulators
  readonly #complain: (words: string) => void

  constructor(options: { clock: DiscreteClock; simulators: Simulators; redisPort: number; complain: (words: string) => void }) {
    this.redis = new Redis(options.redisPort, '127.0.0.1')
    this.couriers = new Couriers(options.clock, this.redis)
    this.archive = new Archive(options.clock, this.redis)
    this.#clock = options.clock
    this.#simulators = options.simulators
    this.#complain = options.complain
  }

  async take(step: Step): Promise<void> {
    if ('fault' in step) {
      this.couriers.begin(step.fault, step.settings)
      await this.#clock.busy(this.#simulators.setFault(step.fault, step.settings))
    } else if ('end' in step) {
      this.couriers.end(step.end)
      await this.#clock.busy(this.#simulators.clearFault(step.end))
    } else if ('couriers' in step) this.couriers.driving = step.couriers
    else if ('archive' in step) this.archive.read(step.archive)
    else if ('places' in step) await this.archive.askAtOnce(step.places)
    else if ('codes' in step) await enterCodes(this.#simulators, this.redis)
    else await this.#look(step.marked)
  }

  /** As anybody would who reads the health Redis now. */
  async #look(expected: readonly string[]): Promise<void> {
    const view = await readSnapshot(this.redis)
    const marked = [...dependenciesOf(view)]
      .filter(([, { causes }]) => causes.some(({ name }) => name === CAUSE))
      .map(([service]) => service)
      .toSorted()
    if (marked.join() !== expected.toSorted().join()) this.#complain(`${marked.join(', ') || 'nobody'} is marked as depending on ${CAUSE}`)
  }
}
