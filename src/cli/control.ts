/** What the commands have in common by which people do something about alerts and services. */
import { hostname } from 'node:os'

import { ControlError } from '../control/control-error.ts'
import { HealthControl } from '../control/health-control.ts'
import type { Said } from '../control/said.ts'
import { timeSpan } from '../control/time-span.ts'
import type { Io } from './commands.ts'
import { connect, lost, settingsFrom, targetFrom } from './connection.ts'
import { CommandError, UNHEALTHY, USAGE } from './outcome.ts'

/** As given on the command line. */
export interface ActionOptions {
  readonly by?: string | undefined
  readonly message?: string | undefined
  readonly for?: string | undefined
  readonly from?: string | undefined
  readonly every?: string | undefined
  readonly zone?: string | undefined
  readonly 'until-resolved'?: boolean | undefined
}

/** With a connection for the length of the command, made again when it is lost if `reconnect`. What cannot be done is one sentence. */
export async function controlling(
  io: Io,
  act: (control: HealthControl) => Promise<number>,
  { reconnect = false }: { readonly reconnect?: boolean } = {},
): Promise<number> {
  const target = targetFrom(io.env)
  const { retentionHours } = settingsFrom(io.env)
  const client = await connect(target, { reconnect })
  const { shards = 1, hmacKey } = target
  try {
    return await act(new HealthControl({ client, shards, hmacKey, retentionHours, from: hostname() }))
  } catch (error) {
    if (error instanceof CommandError) throw error
    if (error instanceof ControlError) throw new CommandError(error.kind === 'asked' ? USAGE : UNHEALTHY, error.message)
    throw lost(target, error)
  } finally {
    client.disconnect()
  }
}

/** Who does it: --by, else the user of the shell. A usage error without a reason. */
export function saidBy(io: Io, { by, message }: ActionOptions, usage: string): Said {
  const who = by ?? io.env['USER'] ?? io.env['LOGNAME'] ?? ''
  if (who.trim() === '') throw new CommandError(USAGE, `Who does it? Say --by <name>, or set USER. Usage: ${usage}`)
  if (message === undefined || message.trim() === '') throw new CommandError(USAGE, `Why? Usage: ${usage}`)
  return { by: who, why: message }
}

/** Milliseconds. */
export function lengthOf(text: string, what: string): number {
  try {
    return timeSpan(text, what)
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}
