/**
 * All that is known of one shard, and the work that keeps it so. Transitions and alerts are one line of work, services the other: in each
 * one thing is done at a time, and what is urgent between the pages of what is long.
 */
import type { AlertMessage } from '../wire/alert-message.ts'
import type { ShardNames } from '../wire/names.ts'
import { AlertFollower } from './alert-follower.ts'
import type { Problem } from './health-view.ts'
import { KnownServices } from './known-services.ts'
import type { InstanceName } from './read-instances.ts'
import type { Ask } from './redis-questions.ts'
import { ServiceFollower } from './service-follower.ts'
import { TransitionFollower, type TransitionListener } from './transition-follower.ts'
import { WorkLine } from './work-line.ts'

export interface ShardListener extends TransitionListener {
  /** What a message said was looked up. `wasTrue`: something was told by it. */
  newsRead(wasTrue: boolean): void
  /** Something of the view may be another. */
  changed(): void
  /** The server did not answer, or not with an answer. */
  troubled(error: unknown): void
}

export class ShardFollower {
  readonly names: ShardNames
  readonly known: KnownServices
  readonly transitions: TransitionFollower
  readonly alerts: AlertFollower
  readonly #services: ServiceFollower
  readonly #now: () => number
  #begun = false
  readonly #record: WorkLine<'compare' | 'read' | 'alerts'>
  readonly #lists: WorkLine<'heard' | 'all'>

  /** `most`: services and instances that it has room for. `now`: epoch milliseconds of the server. */
  constructor(ask: Ask, names: ShardNames, most: number, now: () => number, listener: ShardListener = NOBODY) {
    this.names = names
    this.#now = now
    this.known = new KnownServices(most)
    this.alerts = new AlertFollower(ask, names)
    this.#services = new ServiceFollower(ask, names, this.known, now)
    this.transitions = new TransitionFollower(ask, names, {
      told: (message, size) => {
        this.alerts.take(message)
        listener.told(message, size)
      },
      gap: (gap) => {
        void this.#record.want('alerts')
        listener.gap(gap)
      },
      epoch: (change) => {
        this.alerts.forget()
        void this.refresh()
        listener.epoch(change)
      },
    })
    const done = () => listener.changed()
    const failed = (error: unknown) => listener.troubled(error)
    this.#record = new WorkLine(
      {
        compare: async () => await this.transitions.compare(),
        read: async () => listener.newsRead(await this.transitions.readOn()),
        alerts: async (urgent) => await this.alerts.readAll(this.#now(), urgent),
      },
      done,
      failed,
    )
    this.#lists = new WorkLine(
      {
        heard: async () => {
          while (this.#services.hasHeard) await this.#services.readHeard()
        },
        all: async (urgent) => await this.#services.readAll(urgent),
      },
      done,
      failed,
    )
  }

  get problems(): readonly Problem[] {
    return [
      ...Array.from(this.transitions.problems, ([key, reason]) => ({ key, reason })),
      ...this.#services.problems,
      ...this.alerts.problems,
      ...this.known.problems.values(),
    ]
  }

  /** Everything, for the first time: what was told before is not told again. `wanted`: a service that is read first. */
  async begin(wanted?: string): Promise<void> {
    await this.transitions.begin()
    if (wanted !== undefined) await this.#services.readOne(wanted)
    await this.alerts.readAll(this.#now(), NOTHING)
    await this.#services.readAll(NOTHING)
    this.#begun = true
  }

  /** Everything anew. Resolves when it is read, or cannot be. */
  async refresh(): Promise<void> {
    if (this.#begun) await Promise.all([this.#record.want('alerts'), this.#lists.want('all')])
  }

  /** Whether something was told that nobody was told of. */
  async compare(): Promise<void> {
    if (this.#begun) await this.#record.want('compare')
  }

  /** A message says that there is a transition. */
  async readNews(): Promise<void> {
    if (this.#begun) await this.#record.want('read')
  }

  isNews(message: AlertMessage): boolean {
    return this.transitions.isNews(message)
  }

  knows(name: InstanceName): boolean {
    return this.#services.knows(name)
  }

  hear(name: InstanceName): void {
    this.#services.hear(name)
    if (this.#begun) void this.#lists.want('heard')
  }
}

const NOTHING = async () => {}

/** For whoever only reads once. */
const NOBODY: ShardListener = { told() {}, gap() {}, epoch() {}, newsRead() {}, changed() {}, troubled() {} }
