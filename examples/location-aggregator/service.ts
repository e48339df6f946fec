/** The location aggregator as a process: configuration from the environment, SIGTERM or SIGINT to stop. */
import { runService } from '../service/run-service.ts'
import { readConfig } from './config.ts'
import { createLocationAggregator } from './create-location-aggregator.ts'

const config = readConfig(process.env)
await runService(config.redis, (environment) => createLocationAggregator(config, environment), { instance: config.instance })
