/** The tracker fetcher as a process: configuration from the environment, SIGTERM or SIGINT to stop. */
import { Redis } from 'ioredis'
import { systemClock } from './clock.ts'
import { readConfig } from './config.ts'
import { createFetcher } from './create-fetcher.ts'
import { consoleLog } from './log.ts'

const config = readConfig(process.env)
const redis = new Redis({ ...config.redis, maxRetriesPerRequest: 1, connectTimeout: 2_000, commandTimeout: 5_000 })
redis.on('error', (error: Error) => consoleLog('redis', { error: error.message }))

const fetcher = createFetcher(config, { clock: systemClock, fetch, redis, random: Math.random, log: consoleLog })

/** Nothing is left open afterwards, so the process ends by itself. */
const stop = async (signal: NodeJS.Signals): Promise<void> => {
  consoleLog('stopping', { signal })
  await fetcher.drain()
  consoleLog('stopped', { ...fetcher.counts() })
  redis.disconnect()
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal))

await fetcher.start()
redis.on('ready', () => {
  fetcher.enrol().catch((error: unknown) => consoleLog('redis', { error: String(error) }))
})
consoleLog('started', { accounts: config.accounts.length, trackers: config.fleet })
