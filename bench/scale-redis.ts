/** What a Redis says that it has done and used. */
import type { Redis } from 'ioredis'

export interface RedisUse {
  /** Seconds. */
  readonly at: number
  /** Seconds of processor time, of the whole process. */
  readonly cpu: number
  /** Commands, those inside scripts too. */
  readonly commands: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Bytes. */
  readonly memory: number
  /** Microseconds that scripts took, and how many ran. */
  readonly scriptMicroseconds: number
  readonly scripts: number
}

export async function readUse(redis: Redis): Promise<RedisUse> {
  const [cpu, stats, memory, commandstats] = await Promise.all(['cpu', 'stats', 'memory', 'commandstats'].map((of) => redis.info(of)))
  const number = (text: string | undefined, name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text ?? '')?.[1] ?? 0)
  const calls = [...(commandstats ?? '').matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)].map(([, name, count, usec]) => ({
    name: name!,
    count: Number(count),
    usec: Number(usec),
  }))
  const scripts = calls.filter(({ name }) => name === 'evalsha' || name === 'eval')
  const commands = calls.reduce((sum, { count }) => sum + count, 0)
  const sum = (of: 'count' | 'usec') => scripts.reduce((total, call) => total + call[of], 0)
  return {
    at: performance.now() / 1000,
    cpu: number(cpu, 'used_cpu_user') + number(cpu, 'used_cpu_sys'),
    commands,
    bytesIn: number(stats, 'total_net_input_bytes'),
    bytesOut: number(stats, 'total_net_output_bytes'),
    memory: number(memory, 'used_memory'),
    scriptMicroseconds: sum('usec'),
    scripts: sum('count'),
  }
}

/** A second, from `before` to `after`. `cpu`: percent of a core. */
export function ratesOf(
  before: RedisUse,
  after: RedisUse,
): { readonly cpu: number; readonly commands: number; readonly bytesIn: number; readonly bytesOut: number } {
  const seconds = after.at - before.at
  const rate = (of: 'cpu' | 'commands' | 'bytesIn' | 'bytesOut') => (after[of] - before[of]) / seconds
  return { cpu: 100 * rate('cpu'), commands: rate('commands'), bytesIn: rate('bytesIn'), bytesOut: rate('bytesOut') }
}
