/** The commands. Data goes to `out`, talk to `talk`; each returns its exit code. */
import { dependenciesOf, dependencySentence } from '../subscribe/dependencies.ts'
import { follow } from '../subscribe/follow.ts'
import { serviceStatus } from '../subscribe/service-status.ts'
import { readSnapshot, type HealthView } from '../subscribe/snapshot.ts'
import { systemClock } from '../clock.ts'
import type { Environment } from '../config/options.ts'
import type { Status } from '../types.ts'
import { connect, lost, serviceNamedBy, targetFrom } from './connection.ts'
import { CommandError, OK, UNHEALTHY } from './outcome.ts'
import { asJson, details, overview, summary } from './report.ts'
import { coloured, plain } from './text.ts'

export interface Io {
  readonly env: Environment
  readonly json: boolean
  /** One line of data. */
  out(line: string): void
  /** One line of talk. */
  talk(line: string): void
  /** Replaces what the terminal shows; `undefined` where stdout is no terminal. */
  readonly redraw: ((lines: readonly string[]) => void) | undefined
  /** Aborted when the command is to end. */
  readonly signal: AbortSignal
}

export async function status(io: Io, name: string | undefined): Promise<number> {
  const view = await readOnce(io)
  const service = name === undefined ? undefined : view.services.find((each) => each.service === name)
  if (name !== undefined && !service) {
    const known = view.services.map((each) => each.service).join(', ')
    throw new CommandError(UNHEALTHY, `No service named ${plain(name)} has been heard of (known: ${known === '' ? 'none' : known}).`)
  }
  const shown = service ? [service] : view.services
  if (io.json) io.out(JSON.stringify(asJson(view, shown)))
  else for (const line of service ? details(view, service) : overview(view)) io.out(line)
  return shown.some((each) => serviceStatus(each, view.alerts).status === 'unhealthy') ? UNHEALTHY : OK
}

const NAGIOS: Readonly<Record<Status, { readonly word: string; readonly code: number }>> = {
  healthy: { word: 'OK', code: 0 },
  degraded: { word: 'WARNING', code: 1 },
  unhealthy: { word: 'CRITICAL', code: 2 },
}
/** Nagios: what could not be found out, for whatever reason. */
export const UNKNOWN = 3

/**
 * Exit codes and output as Nagios plugins have them: one line with the status first, figures after a bar. Without a name it is the service
 * that the environment names, as in a container.
 */
export async function check(io: Io, given: string | undefined): Promise<number> {
  const tell = (word: string, code: number, message: string, figures: string = '') => {
    io.out(io.json ? JSON.stringify({ status: word, code, message }) : `${word} - ${message}${figures}`)
    return code
  }
  try {
    const name = given ?? serviceNamedBy(io.env)
    if (name === undefined) return tell('UNKNOWN', UNKNOWN, 'which service? Usage: otel-health check <service>')
    const view = await readOnce(io)
    const service = view.services.find((each) => each.service === name)
    if (!service) return tell('UNKNOWN', UNKNOWN, `no service named ${plain(name)} has been heard of`)
    const folded = serviceStatus(service, view.alerts)
    const { word, code } = NAGIOS[folded.status]
    const newest = folded.live.toSorted((a, b) => b.lastBeatAt - a.lastBeatAt)[0]
    return tell(word, code, summary(view, service).replaceAll('|', '/'), figuresOf(newest?.status?.metrics ?? {}))
  } catch (error) {
    if (error instanceof CommandError) return tell('UNKNOWN', UNKNOWN, error.message)
    throw error
  }
}

function figuresOf(metrics: Readonly<Record<string, unknown>>): string {
  const figures = Object.entries(metrics).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name.replaceAll(/[^\w.]/g, '_')}=${value}`] : [],
  )
  return figures.length === 0 ? '' : ` | ${figures.join(' ')}`
}

/** Channel messages as they come; alert messages that were missed are read from the stream. */
export async function tail(io: Io): Promise<number> {
  return following(io, { onMessage: (_view, text) => io.out(text) })
}

/** The overview, drawn anew on a terminal; elsewhere a line whenever something changed. */
export async function watch(io: Io): Promise<number> {
  let shown = ''
  const draw = (view: HealthView) => {
    if (io.json) {
      const { at: _at, ...rest } = asJson(view, view.services) as { at: string }
      if (changed(JSON.stringify(rest))) io.out(JSON.stringify(asJson(view, view.services)))
    } else if (io.redraw) {
      io.redraw([...overview(view), '', coloured('dim', `${new Date(view.at).toISOString()}  Ctrl-C ends`)])
    } else {
      const dependencies = dependenciesOf(view)
      const state = view.services.map((service) => {
        const { status: now, reasons } = serviceStatus(service, view.alerts)
        const why = [...reasons, ...dependencies.get(service.service)!.causes.map(dependencySentence)]
        return `${plain(service.service)} ${now}${why.length > 0 ? `: ${plain(why.join('; '))}` : ''}`
      })
      if (changed(state.join('\n')))
        for (const line of state.length > 0 ? state : ['no service']) io.out(`${new Date(view.at).toISOString()} ${line}`)
    }
  }
  const changed = (now: string) => {
    if (now === shown) return false
    shown = now
    return true
  }
  return following(io, { onView: draw, refreshMs: 1000 })
}

interface Listening {
  readonly onMessage?: (message: unknown, text: string) => void
  readonly onView?: (view: HealthView) => void
  readonly refreshMs?: number
}

async function following(io: Io, listening: Listening): Promise<number> {
  const target = targetFrom(io.env)
  let troubled = false
  const onTrouble = (reason: string) => {
    if (!troubled) io.talk(`The connection to ${target.host}:${target.port} is gone (${plain(reason)}); trying again.`)
    troubled = true
  }
  const client = await connect(target, { reconnect: true, onTrouble })
  const subscriber = await connect(target, { reconnect: true, onTrouble })
  subscriber.on('ready', () => {
    if (troubled) io.talk('Connected again.')
    troubled = false
  })
  const ended = new Promise((resolve) => {
    io.signal.addEventListener('abort', resolve, { once: true })
  })
  const follower = await follow({ client, subscriber, clock: systemClock, ...listening })
  if (!io.signal.aborted) await ended
  follower.close()
  client.disconnect()
  subscriber.disconnect()
  return OK
}

async function readOnce(io: Io): Promise<HealthView> {
  const target = targetFrom(io.env)
  const client = await connect(target, { reconnect: false })
  try {
    return await readSnapshot(client)
  } catch (error) {
    throw lost(target, error)
  } finally {
    client.disconnect()
  }
}
