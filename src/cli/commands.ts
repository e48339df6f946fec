/** The commands. Data goes to `out`, talk to `talk`; each returns its exit code. */
import { dependenciesOf, dependencySentence } from '../subscribe/dependencies.ts'
import { HealthSubscriber } from '../subscribe/health-subscriber.ts'
import { problemsOf, type HealthView } from '../subscribe/health-view.ts'
import { serviceStatus } from '../subscribe/service-status.ts'
import { readSnapshot } from '../subscribe/snapshot.ts'
import { systemClock } from '../clock.ts'
import { maskedValue } from '../credentials.ts'
import type { Environment } from '../config/options.ts'
import type { Cancel } from '../types.ts'
import { cleanJson } from '../wire/clean-text.ts'
import { connect, lost, serviceNamedBy, targetFrom } from './connection.ts'
import { CommandError, OK, UNHEALTHY } from './outcome.ts'
import { asJson, details, isWell, newestOf, overview, problemSentence, summary } from './report.ts'
import { coloured, plain } from './text.ts'
import { tellVerdict, VERDICTS, type Verdict } from './verdict.ts'

export interface Io {
  readonly env: Environment
  readonly json: boolean
  /** One line of data. */
  out(line: string): void
  /** One line of talk. */
  talk(line: string): void
  /** Replaces what the terminal shows; `undefined` where stdout is no terminal. */
  readonly redraw: ((lines: readonly string[]) => void) | undefined
  /** Asks the person at the terminal; left out where nobody is there. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** What comes on stdin, whole; left out: nothing does. */
  readonly input?: (() => Promise<string>) | undefined
  /** How wide the terminal is now, in characters; left out or `undefined`: lines may be of any length. */
  readonly width?: (() => number | undefined) | undefined
  /** Aborted when the command is to end. */
  readonly signal: AbortSignal
}

export async function status(io: Io, name: string | undefined): Promise<number> {
  const view = await readOnce(io, name)
  const service = name === undefined ? undefined : view.services.find((each) => each.service === name)
  const problems = name === undefined ? (view.problems ?? []) : problemsOf(view, name)
  if (name !== undefined && !service) {
    const known = view.services.map((each) => each.service).join(', ')
    const why = problems.map((problem) => ` ${problemSentence(problem)}.`).join('')
    throw new CommandError(
      UNHEALTHY,
      `No service named ${plain(maskedValue(name))} has been heard of (known: ${known === '' ? 'none' : known}).${why}`,
    )
  }
  const shown = service ? [service] : view.services
  if (io.json) io.out(cleanJson(asJson(view, shown)))
  else for (const line of service ? details(view, service, io.width?.()) : overview(view, Infinity, io.width?.())) io.out(line)
  return isWell(view, shown, problems) ? OK : UNHEALTHY
}

/**
 * Exit codes and output as Nagios plugins have them: one line with the status first, figures after a bar. Without a name it is the service
 * that the environment names, as in a container. Where something cannot be read nothing but CRITICAL is certain.
 */
export async function check(io: Io, given: string | undefined): Promise<number> {
  const tell = (verdict: Verdict, message: string, figures?: string) => tellVerdict(io, verdict, message, figures)
  try {
    const name = given ?? serviceNamedBy(io.env)
    if (name === undefined) return tell(VERDICTS.unknown, 'which service? Usage: otel-health check <service>')
    const view = await readOnce(io, name)
    const problems = problemsOf(view, name).map(problemSentence)
    const service = view.services.find((each) => each.service === name)
    if (!service) return tell(VERDICTS.unknown, [`no service named ${plain(maskedValue(name))} has been heard of`, ...problems].join('; '))
    const { status: folded, live } = serviceStatus(service, view.alerts)
    const verdict = problems.length > 0 && folded !== 'unhealthy' ? VERDICTS.unknown : VERDICTS[folded]
    return tell(verdict, [summary(view, service), ...problems].join('; '), figuresOf(newestOf(live)?.metrics ?? {}))
  } catch (error) {
    if (error instanceof CommandError) return tell(VERDICTS.unknown, plain(error.message))
    throw error
  }
}

function figuresOf(metrics: Readonly<Record<string, unknown>>): string {
  const figures = Object.entries(metrics).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name.replaceAll(/[^\w.]/g, '_')}=${value}`] : [],
  )
  return figures.length === 0 ? '' : ` | ${figures.join(' ')}`
}

/** Messages as they come, one JSON a line; transitions that were missed are read from the stream. What is lost is said. */
export async function tail(io: Io): Promise<number> {
  return following(io, {}, (subscriber) => {
    subscriber.on('message', ({ message: { channel: _channel, ...message } }) => io.out(cleanJson(message)))
    subscriber.on('gap', ({ from, to, missed }) =>
      io.talk(`${missed} transitions (${from} to ${to}) are lost: the stream no longer holds them.`),
    )
    subscriber.on('epoch', () => io.talk('The health Redis has lost its memory: transitions are counted anew.'))
  })
}

/** More fit on no screen. */
const MOST_DRAWN = 200

/** The overview, drawn anew on a terminal; elsewhere a line for each service that changed. */
export async function watch(io: Io): Promise<number> {
  let shown = new Map<string, string>()
  const draw = (view: HealthView) => {
    const at = new Date(view.at).toISOString()
    if (io.json) {
      const { at: _at, ...rest } = asJson(view, view.services) as { at: string }
      const now = new Map([['', cleanJson(rest)]])
      if (now.get('') !== shown.get('')) io.out(cleanJson(asJson(view, view.services)))
      shown = now
    } else if (io.redraw) {
      io.redraw([...overview(view, MOST_DRAWN, io.width?.()), '', coloured('dim', `${at}  Ctrl-C ends`)])
    } else {
      const now = stateLines(view)
      for (const [subject, line] of now) if (line !== shown.get(subject)) io.out(`${at} ${line}`)
      // What was said before is not known to stand: after it all is said anew.
      if (!now.has(STALE) && !shown.has(STALE))
        for (const subject of shown.keys()) if (!now.has(subject)) io.out(`${at} ${subject} is gone`)
      shown = now
    }
  }
  return following(io, { refreshMs: 1000 }, (subscriber) => {
    subscriber.on('view', ({ view }) => draw(view))
    // Only its age changes then, which nothing tells.
    return systemClock.every(1000, () => {
      if (subscriber.connection.state === 'stale') draw(subscriber.view)
    })
  })
}

/** By what they are about; without figures that change by themselves. */
function stateLines(view: HealthView): Map<string, string> {
  if (view.staleSince !== undefined) return new Map([[STALE, `${STALE}: the health Redis does not answer, and nothing is known`]])
  const dependencies = dependenciesOf(view)
  const lines = new Map<string, string>()
  for (const service of view.services) {
    const { status: now, reasons } = serviceStatus(service, view.alerts)
    const why = [...reasons, ...dependencies.get(service.service)!.causes.map(dependencySentence)]
    lines.set(plain(service.service), `${plain(service.service)} ${now}${why.length > 0 ? `: ${plain(why.join('; '))}` : ''}`)
  }
  if (lines.size === 0) lines.set('no service', 'no service')
  for (const problem of view.problems ?? []) lines.set(`problem of ${plain(problem.key)}`, `unknown: ${problemSentence(problem)}`)
  return lines
}

const STALE = 'STALE'

/** Until the command is to end. What `listen` returns ends what it began. */
async function following(
  io: Io,
  options: { readonly refreshMs?: number },
  listen: (subscriber: HealthSubscriber) => Cancel | void,
): Promise<number> {
  const target = targetFrom(io.env)
  const client = await connect(target, { reconnect: true })
  const listening = await connect(target, { reconnect: true })
  const ended = new Promise((resolve) => {
    io.signal.addEventListener('abort', resolve, { once: true })
  })
  const subscriber = new HealthSubscriber({
    client,
    subscriber: listening,
    shards: target.shards ?? 1,
    hmacKey: target.hmacKey,
    ...options,
  })
  const cancel = listen(subscriber)
  try {
    await subscriber.start().catch((error: unknown) => {
      throw lost(target, error)
    })
    subscriber.on('connection', ({ connection }) => {
      if (connection.state === 'connected') io.talk('Connected again.')
      else io.talk(`The connection to ${target.host}:${target.port} is gone (${plain(connection.reason)}); trying again.`)
    })
    if (!io.signal.aborted) await ended
  } finally {
    cancel?.()
    await subscriber.stop()
    client.disconnect()
    listening.disconnect()
  }
  return OK
}

/** `wanted`: of this service all is read, however many others there are. */
export async function readOnce(io: Io, wanted: string | undefined): Promise<HealthView> {
  const target = targetFrom(io.env)
  const client = await connect(target, { reconnect: false })
  try {
    return await readSnapshot(client, { ...target, wanted })
  } catch (error) {
    throw lost(target, error)
  } finally {
    client.disconnect()
  }
}
