import { userInfo } from 'node:os'

import { forgetService } from '../control/forget-service.ts'
import { isServiceName } from '../wire/names.ts'
import { createPublisher } from '../wire/redis-client.ts'
import { connect, lost, settingsFrom, targetFrom } from './connection.ts'
import type { Io } from './commands.ts'
import { controlling, saidBy, type ActionOptions } from './control.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { plain } from './text.ts'

const TIMEOUT_MS = 2000

const USAGE_LINE = 'otel-health forget <service> [-m <why>] [--by <name>]'

/** `otel-health forget <service>`. With a reason it is recorded, which takes the rights of an operator; without, those of a service are enough. */
export async function forget(io: Io, service: string | undefined, options: ActionOptions): Promise<number> {
  if (!isServiceName(service)) throw new CommandError(USAGE, `Which service? Usage: ${USAGE_LINE}`)
  const tellForgotten = (): number => {
    io.out(io.json ? JSON.stringify({ forgotten: service }) : `${plain(service)} is forgotten.`)
    return OK
  }
  if (options.message !== undefined) {
    const said = saidBy(io, options, USAGE_LINE)
    return controlling(io, async (control) => {
      await control.forget(service, said)
      return tellForgotten()
    })
  }
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
    const actor = options.by ?? userInfo().username
    const found = await forgetService(client, { service, actor, shards: target.shards ?? 1, retentionMs })
    if (found === 'alive') throw new CommandError(UNHEALTHY, `${service} is alive: stop it first.`)
    if (found === 'unheard of') throw new CommandError(UNHEALTHY, `No service named ${service} has been heard of.`)
    return tellForgotten()
  } catch (error) {
    throw error instanceof CommandError ? error : lost(target, error)
  } finally {
    looking.disconnect()
    client.disconnect()
  }
}
