/** Geocoding as a process: configuration from the environment, SIGTERM or SIGINT to stop. */
import { runService } from '../service/run-service.ts'
import { readConfig } from './config.ts'
import { createGeocoding } from './create-geocoding.ts'

const config = readConfig(process.env)
await runService(config.redis, (environment) => createGeocoding(config, environment), { instance: config.instance })
