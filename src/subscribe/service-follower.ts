/**
 * Services and instances of one shard, as its keys say. A message of a channel is but a hint that there is something to read: nothing
 * that it says is believed. One thing is read at a time, so that nothing older takes the place of something newer.
 */
import { isServiceName, type ShardNames } from '../wire/names.ts'
import type { InstanceView, Problem } from './health-view.ts'
import type { KnownServices } from './known-services.ts'
import { readInstanceLists, readInstances, readWhetherAlive, type InstanceList, type InstanceName } from './read-instances.ts'
import { readScorePage, toTime, type Score } from './read-scores.ts'
import type { Ask } from './redis-questions.ts'

/** Instances that are read together because they were heard of. */
const AT_ONCE = 200
/** Lists of instances that are read together. */
const LISTS_AT_ONCE = 50

export class ServiceFollower {
  readonly #ask: Ask
  readonly #names: ShardNames
  readonly #known: KnownServices
  readonly #now: () => number
  /** Heard of and not yet looked up. */
  readonly #heard = new Map<string, InstanceName>()
  /** While everything is read: services that are listed. */
  #listed = new Set<string>()
  #problems: readonly Problem[] = []
  #left = { names: 0, times: 0, room: 0 }

  /** `now`: epoch milliseconds of the server. `known` is of this shard alone. */
  constructor(ask: Ask, names: ShardNames, known: KnownServices, now: () => number) {
    this.#ask = ask
    this.#names = names
    this.#known = known
    this.#now = now
  }

  /** Of the list of services, as it was when everything was read last. */
  get problems(): readonly Problem[] {
    return this.#problems
  }

  get hasHeard(): boolean {
    return this.#heard.size > 0
  }

  knows({ service, instance }: InstanceName): boolean {
    return this.#known.instance(service, instance) !== undefined
  }

  /** To be looked up. Whoever calls it bounds how many there are that nobody knows. */
  hear(name: InstanceName): void {
    this.#heard.set(`${name.service} ${name.instance}`, name)
  }

  /** Looks up those that were heard of, so many at a time. */
  async readHeard(): Promise<void> {
    const heard = [...this.#heard.values()].slice(0, AT_ONCE)
    for (const { service, instance } of heard) this.#heard.delete(`${service} ${instance}`)
    const services = [...new Set(heard.map(({ service }) => service))]
    const scores = await this.#ask(services.map((service) => ['zscore', this.#names.services, service]))
    const now = this.#now()
    for (const [i, service] of services.entries()) {
      const { value, refused } = scores[i]!
      if (refused !== undefined) continue
      if (typeof value !== 'string') this.#forget(service)
      else if (this.#known.setService(service, toTime(value, now))) this.#listed.add(service)
    }
    const names = heard.filter(({ service }) => this.#known.has(service))
    const views = await readInstances(this.#ask, this.#names, names, now)
    for (const [i, name] of names.entries()) this.#set(name, views[i])
  }

  async readOne(service: string): Promise<void> {
    if (!isServiceName(service)) return
    const [score] = await this.#ask([['zscore', this.#names.services, service]])
    if (typeof score?.value === 'string') await this.#readServices([{ name: service, at: toTime(score.value, this.#now()) }])
  }

  /** Everything, page by page; `between` is done after each part of one. */
  async readAll(between: () => Promise<void>): Promise<void> {
    this.#listed = new Set()
    this.#left = { names: 0, times: 0, room: 0 }
    let refused: string | undefined
    let cursor = '0'
    do {
      const page = await readScorePage(this.#ask, this.#names.services, cursor, this.#now())
      ;({ cursor, refused } = page)
      const named = page.scores.filter(({ name }) => isServiceName(name))
      this.#left.names += page.scores.length - named.length
      for (let i = 0; i < named.length; i += LISTS_AT_ONCE) {
        await this.#readServices(named.slice(i, i + LISTS_AT_ONCE))
        await between()
      }
    } while (cursor !== '0')
    for (const service of this.#known.names()) if (!this.#listed.has(service)) this.#forget(service)
    this.#problems = this.#describe(refused)
  }

  async #readServices(scores: readonly Score[]): Promise<void> {
    const services = scores.flatMap(({ name, at }) => {
      if (at === undefined) this.#left.times++
      this.#listed.add(name)
      if (this.#known.setService(name, at)) return [name]
      this.#left.room++
      return []
    })
    const lists = await readInstanceLists(this.#ask, this.#names, services, this.#now())
    const toRead: InstanceName[] = []
    const toAsk: InstanceName[] = []
    for (const [i, list] of lists.entries()) this.#compare(services[i]!, list, toRead, toAsk)
    const alive = await readWhetherAlive(this.#ask, this.#names, toAsk)
    const names = [...toRead, ...toAsk.filter((_, i) => !alive[i])]
    const views = await readInstances(this.#ask, this.#names, names, this.#now())
    for (const [i, name] of names.entries()) this.#set(name, views[i])
  }

  #compare(service: string, { instances, problem, refused }: InstanceList, toRead: InstanceName[], toAsk: InstanceName[]): void {
    this.#known.setProblem(this.#names.instances(service), service, problem)
    if (refused) return
    for (const instance of this.#known.instancesOf(service)) if (!instances.has(instance)) this.#remove({ service, instance })
    for (const [instance, at] of instances) {
      const known = this.#known.instance(service, instance)
      // List and message are written together: where the one is what it was, so is the other, if it is there still.
      if (!known || known.problem !== undefined || known.lastBeatAt !== at) toRead.push({ service, instance })
      else if (known.status) toAsk.push({ service, instance })
    }
  }

  #set(name: InstanceName, view: InstanceView | undefined): void {
    if (!view) this.#remove(name)
    else if (!isSame(this.#known.instance(name.service, name.instance), view)) {
      if (this.#known.setInstance(name.service, view))
        this.#known.setProblem(this.#names.status(name.service, name.instance), name.service, view.problem)
      else this.#left.room++
    }
  }

  #remove({ service, instance }: InstanceName): void {
    this.#known.setProblem(this.#names.status(service, instance), service)
    this.#known.removeInstance(service, instance)
  }

  #forget(service: string): void {
    for (const instance of this.#known.instancesOf(service)) this.#remove({ service, instance })
    this.#known.setProblem(this.#names.instances(service), service)
    this.#known.removeService(service)
  }

  #describe(refused: string | undefined): Problem[] {
    const { names, times, room } = this.#left
    return [
      ...(refused === undefined ? [] : [refused]),
      ...(names > 0 ? [`holds ${names} names that no service has`] : []),
      ...(times > 0 ? [`holds ${times} times that lie in the future or are none`] : []),
      ...(room > 0 ? [`holds more than this reader has room for: ${room} services and instances are left out`] : []),
    ].map((reason) => ({ key: this.#names.services, reason }))
  }
}

function isSame(known: InstanceView | undefined, view: InstanceView): boolean {
  return (
    known !== undefined &&
    known.lastBeatAt === view.lastBeatAt &&
    known.problem === view.problem &&
    known.status?.beat === view.status?.beat &&
    known.status?.timestamp === view.status?.timestamp &&
    known.status?.phase === view.status?.phase
  )
}
