/** The realtime geofence as a process: configuration from the environment, SIGTERM or SIGINT to stop. */
import { runService } from '../service/run-service.ts'
import { readConfig } from './config.ts'
import { createRealtimeGeofence } from './create-realtime-geofence.ts'

const config = readConfig(process.env)
await runService(config.redis, (environment) => createRealtimeGeofence(config, environment), { instance: config.instance })
