/** `otel-health panel`: the admin panel as a server, until it is told to end. */
import { DiagLogLevel } from '@opentelemetry/api'

import { setFallbackLogger } from '../diag.ts'
import { createPanel, hashPassword, listen, type Listening, type Panel } from '../panel.ts'
import type { Io } from './commands.ts'
import { lost, settingsFrom, targetFrom } from './connection.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { panelSettings, type PanelFlags } from './panel-settings.ts'
import { keepHeapSmall } from './small-heap.ts'

export async function panel(io: Io, flags: PanelFlags): Promise<number> {
  keepHeapSmall()
  const { host, port, options, madeToken } = await panelSettings(io.env, flags)
  const connection = targetFrom(io.env)
  const { retentionHours } = settingsFrom(io.env)
  const say = (message: string) => io.talk(message)
  setFallbackLogger({ error: say, warn: say, info: say, debug() {} }, DiagLogLevel.INFO)
  const served = usable(() => {
    const made = createPanel({ ...options, connection, retentionHours })
    made.checkHost(host)
    return made
  })
  const listening = await begin(served, { host, port }, (error) => lost(connection, error))
  io.out(io.json ? JSON.stringify({ panel: listening.url }) : `panel  ${listening.url}`)
  const hint = loginHint(options.auth?.login ?? 'none', madeToken)
  if (hint !== undefined) io.talk(hint)
  await ended(io.signal)
  await listening.close()
  return OK
}

/** Prints what a line of HEALTH_PANEL_USERS_FILE holds of a password. */
export async function hashedPassword(io: Io): Promise<number> {
  const given = (await io.input?.())?.replace(/\r?\n$/, '') ?? ''
  if (given === '' || /[\r\n]/.test(given))
    throw new CommandError(USAGE, 'No password has come, expected one line: printf %s "$PASSWORD" | otel-health panel --hash-password')
  const hash = await hashPassword(given)
  io.out(io.json ? JSON.stringify({ hash }) : hash)
  io.talk('In HEALTH_PANEL_USERS_FILE, for somebody who may do everything: <name>:operator:<this>')
  return OK
}

async function begin(served: Panel, where: { host: string; port: number }, lostAs: (error: unknown) => CommandError): Promise<Listening> {
  try {
    await served.start()
  } catch (error) {
    await served.close()
    throw lostAs(error)
  }
  try {
    return await listen(served, where)
  } catch (error) {
    await served.close()
    throw new CommandError(UNHEALTHY, error instanceof Error ? error.message : String(error))
  }
}

function usable<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}

function loginHint(login: string, madeToken: string | undefined): string | undefined {
  if (madeToken !== undefined) return `login  ${madeToken}  (made for this run: HEALTH_PANEL_TOKEN sets one that lasts)`
  return login === 'token' ? 'login  with the token of HEALTH_PANEL_TOKEN or HEALTH_PANEL_VIEWER_TOKEN' : undefined
}

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
