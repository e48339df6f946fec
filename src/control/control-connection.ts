/** What people's actions take of a connection: the scripts, and each action with its record in one step. */
import type { ShardNames } from '../wire/names.ts'
import type { OverlayClient } from '../wire/overlay-looks.ts'
import type { AlertReply, RedisClient } from '../wire/redis-client.ts'
import { ALERT } from '../wire/scripts/alert.ts'
import { REQUEST, requestKeys, type RequestReply } from '../wire/scripts/request.ts'
import type { Script } from '../wire/scripts/script.ts'
import { FORGET, SILENCE } from '../wire/scripts/silence.ts'
import { SERVER_TIME, toMs } from '../wire/scripts/time.ts'
import type { Audit } from './audit.ts'
import type { ForgetClient } from './forget-service.ts'

/** Actions that are kept, about. */
const MOST_KEPT = 10_000

export class ControlConnection implements OverlayClient, ForgetClient {
  readonly client: RedisClient

  constructor(client: RedisClient) {
    this.client = client
  }

  async healthAlert(...keysAndArguments: readonly string[]): Promise<AlertReply> {
    return (await this.#run(ALERT, keysAndArguments)) as AlertReply
  }

  async healthSilence(...keysAndArguments: readonly string[]): Promise<'0' | '1' | '2' | '3'> {
    return (await this.#run(SILENCE, keysAndArguments)) as '0' | '1' | '2' | '3'
  }

  async healthForget(...keysAndArguments: readonly string[]): Promise<'0' | '1'> {
    return (await this.#run(FORGET, keysAndArguments)) as '0' | '1'
  }

  hget(key: string, field: string): Promise<string | null> {
    return this.client.hget(key, field)
  }

  hset(key: string, field: string, value: string): Promise<unknown> {
    return this.client.hset(key, field, value)
  }

  hdel(key: string, field: string): Promise<unknown> {
    return this.client.hdel(key, field)
  }

  zadd(key: string, score: string, member: string): Promise<unknown> {
    return this.client.zadd(key, score, member)
  }

  zrem(key: string, member: string): Promise<unknown> {
    return this.client.zrem(key, member)
  }

  zrange(key: string, from: string, to: string): Promise<string[]> {
    return this.client.zrange(key, from, to)
  }

  zscore(key: string, member: string): Promise<string | null> {
    return this.client.zscore(key, member)
  }

  smembers(key: string): Promise<string[]> {
    return this.client.smembers(key)
  }

  scard(key: string): Promise<number> {
    return this.client.scard(key)
  }

  exists(key: string): Promise<number> {
    return this.client.exists(key)
  }

  /** Epoch milliseconds of the server. */
  async now(names: ShardNames): Promise<number> {
    return toMs((await this.#run(SERVER_TIME, [names.meta])) as readonly string[])
  }

  /** The same of any node, to show something by; it takes no right to run scripts. */
  async nowShown(): Promise<number> {
    return toMs(await this.client.time())
  }

  /** The script for one alert, and the record. */
  async act(names: ShardNames, keysAndArguments: readonly string[], audit: Audit): Promise<AlertReply> {
    const [acted] = await this.#together(names, audit, (multi) => multi.eval(ALERT.lua, ALERT.numberOfKeys, ...keysAndArguments))
    return acted as AlertReply
  }

  /** A request, what is desired from then on, and the record: the script for it. */
  async request(names: ShardNames, service: string, args: readonly string[]): Promise<RequestReply> {
    return (await this.#run(REQUEST, [...requestKeys(names, service), ...args])) as RequestReply
  }

  /** A silence, which is due to be looked after at once, and the record. */
  async setSilence(names: ShardNames, id: string, json: string, member: string, audit: Audit | undefined): Promise<void> {
    await this.#together(names, audit, (multi) => multi.hset(names.silences, id, json).zadd(names.overlayDue, '0', member))
  }

  /** A service is due, whenever it was heard of last, nothing is desired of it any more, and the record. */
  async makeDue(names: ShardNames, service: string, audit: Audit): Promise<void> {
    await this.#together(names, audit, (multi) => multi.zadd(names.due, '1', service).del(names.desired(service)))
  }

  /** The record alone. */
  async record(names: ShardNames, audit: Audit): Promise<void> {
    await this.#together(names, audit, () => {})
  }

  #run({ lua, numberOfKeys }: Script, keysAndArguments: readonly string[]): Promise<unknown> {
    return this.client.eval(lua, numberOfKeys, ...keysAndArguments)
  }

  async #together(
    names: ShardNames,
    audit: Audit | undefined,
    add: (multi: ReturnType<RedisClient['multi']>) => unknown,
  ): Promise<readonly unknown[]> {
    const multi = this.client.multi()
    add(multi)
    if (audit) multi.xadd(names.audit, 'MAXLEN', '~', MOST_KEPT, '*', ...Object.entries(audit).flat())
    const replies = (await multi.exec()) ?? []
    const refused = replies.find(([error]) => error !== null)
    if (refused) throw refused[0]!
    return replies.map(([, reply]) => reply)
  }
}
