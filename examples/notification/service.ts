/** Notification as a process: configuration from the environment, SIGTERM or SIGINT to stop. */
import { runService } from '../service/run-service.ts'
import { readConfig } from './config.ts'
import { createNotification } from './create-notification.ts'

const config = readConfig(process.env)
await runService(config.redis, (environment) => createNotification(config, environment), { instance: config.instance })
