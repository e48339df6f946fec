import { userInfo } from 'node:os'

import { forgetService } from '../control/forget-service.ts'
import { isServiceName } from '../wire/names.ts'
import { createPublisher } from '../wire/redis-client.ts'
import { connect, lost, settingsFrom, targetFrom } from './connection.ts'
import type { Io } from './commands.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { plain } from './text.ts'

const TIMEOUT_MS = 2000

/** `otel-health forget <service>`. */
export async function forget(io: Io, service: string | undefined): Promise<number> {
  if (!isServiceName(service)) throw new CommandError(USAGE, 'Which service? Usage: otel-health forget <service>')
  const target = targetFrom(io.env)
  const { retentionHours } = settingsFrom(io.env)
  // Says in one sentence why there is no connection.
  const looking = await connect(target, { reconnect: false })
  const publisher = await createPublisher(target, TIMEOUT_MS)
  const { client } = publisher
  client.on('error', () => {})
  publisher.hold(true)
  try {
    await client.connect()
    const retentionMs = retentionHours * 3_600_000
    const found = await forgetService(client, { service, actor: userInfo().username, shards: target.shards ?? 1, retentionMs })
    if (found === 'alive') throw new CommandError(UNHEALTHY, `${service} is alive: stop it first.`)
    if (found === 'unheard of') throw new CommandError(UNHEALTHY, `No service named ${service} has been heard of.`)
    io.out(io.json ? JSON.stringify({ forgotten: service }) : `${plain(service)} is forgotten.`)
    return OK
  } catch (error) {
    throw error instanceof CommandError ? error : lost(target, error)
  } finally {
    looking.disconnect()
    client.disconnect()
  }
}
