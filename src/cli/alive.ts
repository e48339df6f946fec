/**
 * `otel-health check --alive`: whether one process lives, whatever its service makes of the world. Where HEALTH_HTTP_PORT is set the process is
 * asked itself, and the health Redis is not touched; else its last beat counts, and what is not known is never CRITICAL.
 */
import { request } from 'node:http'

import { parseResourceAttributes, type Environment } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import { maskedValue } from '../credentials.ts'
import { duration } from '../subscribe/duration.ts'
import { problemsOf, type HealthView, type InstanceView } from '../subscribe/health-view.ts'
import { toInstanceName } from '../wire/names.ts'
import { readOnce, type Io } from './commands.ts'
import { serviceNamedBy, settingsFrom } from './connection.ts'
import { CommandError } from './outcome.ts'
import { problemSentence } from './report.ts'
import { plain } from './text.ts'
import { tellVerdict, VERDICTS, type Verdict } from './verdict.ts'

const { healthy: OK, unhealthy: CRITICAL, unknown: UNKNOWN } = VERDICTS
type Finding = readonly [verdict: Verdict, message: string]

/** A process that does not answer within this long does not live. Milliseconds. */
const TIMEOUT_MS = 3000
/** Of an answer no more is read. */
const LONGEST_ANSWER = 1024
const MOST_NAMED = 10
const USAGE = 'Usage: otel-health check --alive <service>[/<instance>]'

/** `given`: `<service>` or `<service>/<instance>`. */
export async function checkAlive(io: Io, given: string | undefined): Promise<number> {
  try {
    const { httpPort: port, httpHost: host } = settingsFrom(io.env)
    const finding = port === undefined ? await byBeat(io, given) : await byProbe({ port, host }, given)
    return tellVerdict(io, ...finding)
  } catch (error) {
    if (error instanceof CommandError) return tellVerdict(io, UNKNOWN, plain(error.message))
    throw error
  }
}

/** Who listens on the port is asked, whatever it is called. */
async function byProbe({ port, host }: { port: number; host: Settings['httpHost'] }, given: string | undefined): Promise<Finding> {
  if (given !== undefined) {
    return [UNKNOWN, 'HEALTH_HTTP_PORT is set, so that the process behind this port is asked, whatever it is called: leave the name out']
  }
  const asked = REACHED_AT[host] ?? host
  const at = asked.includes(':') ? `[${asked}]:${port}` : `${asked}:${port}`
  const answer = await probe(asked, port)
  if ('failed' in answer) return [CRITICAL, `nobody answers at ${at} (${answer.failed})`]
  const text = plain(answer.text.trim())
  if (answer.status === 200 && text === 'alive') return [OK, `the process at ${at} is alive`]
  if (answer.status === 503 && text.startsWith('not alive: ')) return [CRITICAL, `the process at ${at} is ${text}`]
  return [UNKNOWN, `what answers at ${at} is no otel-health: HEALTH_HTTP_PORT is the port of something else`]
}

/** Who listens on every address is reached here on one of them. */
const REACHED_AT: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function probe(host: string, port: number): Promise<{ readonly status: number; readonly text: string } | { readonly failed: string }> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path: '/livez', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let text = ''
      const end = () => resolve({ status: response.statusCode ?? 0, text: text.slice(0, LONGEST_ANSWER) })
      response.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk
        if (text.length > LONGEST_ANSWER) response.destroy()
      })
      response.on('close', end)
    })
    asked.on('error', ({ name, code = 'no answer' }: NodeJS.ErrnoException) => {
      // Something answers, and it is no HTTP.
      if (code.startsWith('HPE_')) resolve({ status: 0, text: '' })
      else resolve({ failed: name === 'AbortError' || name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : code })
    })
    asked.end()
  })
}

/** By what the health Redis has heard of it. */
async function byBeat(io: Io, given: string | undefined): Promise<Finding> {
  const [named, ...rest] = (given ?? '').split('/')
  const service = named === '' ? serviceNamedBy(io.env) : named
  if (service === undefined) return [UNKNOWN, `which service? ${USAGE}`]
  const instance = rest.length > 0 ? rest.join('/') : instanceNamedBy(io.env)
  const view = await readOnce(io, service)
  const [verdict, message] = foundIn(view, service, instance)
  const problems = problemsOf(view, service).map(problemSentence)
  // What cannot be read may be the beat that is missed.
  return [problems.length > 0 && verdict === CRITICAL ? UNKNOWN : verdict, [message, ...problems].join('; ')]
}

function instanceNamedBy(env: Environment): string | undefined {
  const named = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])['service.instance.id']
  return named ? toInstanceName(named) : undefined
}

function foundIn(view: HealthView, service: string, wanted: string | undefined): Finding {
  const instances = view.services.find((each) => each.service === service)?.instances
  if (!instances) return [UNKNOWN, `no service named ${plain(maskedValue(service))} has been heard of`]
  const live = instances.filter(({ status, problem }) => status !== undefined || problem !== undefined)
  const found = wanted === undefined ? (live.length === 1 ? live[0] : undefined) : instances.find(({ instance }) => instance === wanted)
  if (found) return aliveByBeat(service, found, view.at)
  const names = live.length === 0 ? 'none is alive' : `alive are ${namesOf(live)}`
  if (wanted !== undefined) return [UNKNOWN, `${plain(service)} has no instance ${plain(maskedValue(wanted))}: ${names}`]
  if (live.length === 0) return [CRITICAL, `no instance of ${plain(service)} is alive`]
  return [UNKNOWN, `which instance of ${plain(service)}? ${names}. ${USAGE}`]
}

function aliveByBeat(service: string, { instance, lastBeatAt, status, problem }: InstanceView, at: number): Finding {
  const who = `${plain(service)}/${plain(instance)}`
  const beat = `its last beat was ${duration(at - lastBeatAt)} ago`
  if (problem !== undefined) return [UNKNOWN, `${who} cannot be read, and ${beat}`]
  if (!status) return [CRITICAL, `${who} is missing: ${beat}`]
  return status.phase === 'stopped' ? [CRITICAL, `${who} has stopped`] : [OK, `${who} is alive, ${status.phase}: ${beat}`]
}

function namesOf(instances: readonly InstanceView[]): string {
  const shown = instances.slice(0, MOST_NAMED).map(({ instance }) => plain(instance))
  const more = instances.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}
