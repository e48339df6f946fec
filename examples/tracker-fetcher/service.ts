/** The tracker fetcher as a process: configuration from the environment, SIGTERM or SIGINT to stop. */
import { consoleLog } from '../service/log.ts'
import { runService } from '../service/run-service.ts'
import { readConfig } from './config.ts'
import { createFetcher } from './create-fetcher.ts'

const config = readConfig(process.env)
const about = { accounts: config.accounts.length, trackers: config.fleet }
const { service: fetcher, redis } = await runService(config.redis, (environment) => createFetcher(config, environment), about)

redis.on('ready', () => {
  fetcher.enrol().catch((error: unknown) => consoleLog('redis', { error: String(error) }))
})
