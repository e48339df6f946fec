import { Redis } from 'ioredis'
import { systemClock } from './clock.ts'
import type { Environment } from './environment.ts'
import { consoleLog } from './log.ts'
import type { Service } from './service.ts'

/** Runs a service as a process, until SIGTERM or SIGINT. `about` is logged when it has started. */
export async function runService<Running extends Service>(
  target: { readonly host: string; readonly port: number },
  create: (environment: Environment) => Running,
  about: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly service: Running; readonly redis: Redis }> {
  const redis = new Redis({ ...target, maxRetriesPerRequest: 1, connectTimeout: 2_000, commandTimeout: 5_000 })
  redis.on('error', (error: Error) => consoleLog('redis', { error: error.message }))
  const service = create({ clock: systemClock, fetch, redis, random: Math.random, log: consoleLog })

  /** Nothing is left open afterwards, so the process ends by itself. */
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    consoleLog('stopping', { signal })
    await service.drain()
    consoleLog('stopped', { ...service.counts() })
    redis.disconnect()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal))

  await service.start()
  consoleLog('started', about)
  return { service, redis }
}
