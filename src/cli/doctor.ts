/** `otel-health doctor`: checks the whole chain from here and says what to mend. It changes nothing and leaves nothing behind. */
import { systemClock, holdProcess } from '../clock.ts'
import { redisTargetOf } from '../config/redis-target.ts'
import { checkClocks } from '../doctor/clocks.ts'
import { checkCollector } from '../doctor/collector.ts'
import { readConfiguration } from '../doctor/configuration.ts'
import { readExportSettings } from '../doctor/export-settings.ts'
import { fail, skip, warn, type Finding, type Standing } from '../doctor/finding.ts'
import { checkServer, checkWriting, openHealthRedis, type HealthRedis } from '../doctor/health-redis.ts'
import { checkNode } from '../doctor/node-version.ts'
import { checkOtlpEndpoint } from '../doctor/otlp-endpoint.ts'
import { checkOwnRedis } from '../doctor/own-redis.ts'
import { checkClients } from '../doctor/clients.ts'
import { checkApi, checkPackage } from '../doctor/packages.ts'
import { findProject } from '../doctor/project.ts'
import { checkProcesses } from '../doctor/processes.ts'
import { checkPrometheus } from '../doctor/prometheus.ts'
import { refusal } from '../doctor/redis-trouble.ts'
import { checkRecording } from '../doctor/recording.ts'
import { checkRegistration } from '../doctor/registration.ts'
import { runChecks, type Examination } from '../doctor/run-checks.ts'
import { checkServices, isBeating } from '../doctor/services.ts'
import { checkVariables } from '../doctor/variables.ts'
import { readSnapshot } from '../subscribe/snapshot.ts'
import type { Clock } from '../types.ts'
import { VERSION } from '../version.ts'
import type { Io } from './commands.ts'
import { NO_CONNECTION, OK, UNHEALTHY } from './outcome.ts'
import { columns, coloured, plain, wrapped } from './text.ts'

export interface DoctorOptions {
  /** Where Prometheus is; `undefined`: it is not looked at. */
  readonly prometheus: string | undefined
  /** Where the service is; default: the working directory. */
  readonly cwd?: string
  readonly clock?: Clock
  /** Default: the one that runs this. */
  readonly nodeVersion?: string
}

/** Whatever hangs, every check has ended after so many milliseconds: there is an answer within 10 s. */
const LIMIT_MS = 8000

/** Prints each finding as soon as it is known. Exit 0: nothing failed; 3: no connection to the health Redis; 1: anything else failed. */
export async function doctor(io: Io, options: DoctorOptions): Promise<number> {
  const { prometheus, cwd = process.cwd(), clock = systemClock, nodeVersion = process.versions.node } = options
  const release = holdProcess(LIMIT_MS + 1000, () => {})
  const node = checkNode(nodeVersion)
  // On a Node that is too old the other checks would fail for that reason, and say something else.
  const chain = node.status === 'fail' ? only(node) : examine(io, node, { prometheus, cwd, clock })
  const findings: Finding[] = []
  try {
    for await (const finding of runChecks(chain.checks, { clock, limitMs: LIMIT_MS, signal: io.signal })) {
      findings.push(finding)
      if (!io.json) for (const each of linesOf(finding, io.width?.())) io.out(each)
    }
  } finally {
    release()
    chain.close()
  }
  if (io.signal.aborted) {
    io.talk('Interrupted: what was not looked at is not known.')
    return UNHEALTHY
  }
  if (io.json) io.out(JSON.stringify({ version: VERSION, checks: findings.map(asJson) }))
  else for (const each of toMend(findings, io.width?.())) io.out(each)
  const failed = findings.filter(({ status }) => status === 'fail')
  if (failed.some(({ name }) => name === 'redis') && !chain.connected()) return NO_CONNECTION
  return failed.length > 0 ? UNHEALTHY : OK
}

interface Chain {
  readonly checks: readonly Examination[]
  connected(): boolean
  /** Now, or as soon as there is something to close. */
  close(): void
}

function only(finding: Finding): Chain {
  return { checks: [here(finding.name, finding)], connected: () => false, close: () => {} }
}

function here(name: string, ...findings: readonly Finding[]): Examination {
  return { name, run: async () => findings }
}

/** The checks, in the order of the pipeline. What several of them need is begun once. */
function examine(io: Io, node: Finding, { prometheus, cwd, clock }: Required<Omit<DoctorOptions, 'nodeVersion'>>): Chain {
  const { env } = io
  const project = findProject(cwd)
  const { settings: otlp, off, ignored } = readExportSettings(env)
  const configuration = readConfiguration(env, cwd, project)
  const { options, job } = configuration
  const target = options && redisTargetOf(options.settings)
  const opening: Promise<HealthRedis | Finding | undefined> = target ? openHealthRedis(target) : Promise.resolve(undefined)
  const view = opening.then((opened) => (opened && 'client' in opened ? readSnapshot(opened.client, target) : undefined))
  // Whoever asks for it hears why.
  view.catch(() => {})
  let reached = false

  const onRedis = (name: string, run: (redis: HealthRedis, signal: AbortSignal) => Promise<readonly Finding[]>): Examination => ({
    name,
    async run(signal) {
      const opened = await opening
      if (!opened) return [skip(name, 'the configuration must be mended first')]
      if (!('client' in opened)) return [name === opened.name ? opened : skip(name, 'no connection to the health Redis')]
      reached = true
      try {
        return await run(opened, signal)
      } catch (error) {
        const { message, mend } = refusal(error)
        return [fail(name, message, mend)]
      }
    },
  })

  const checks: Examination[] = [
    here('node', node, checkPackage(project)),
    here('configuration', configuration.finding, checkVariables(env)),
    here('recording', checkRecording(off, project), checkApi(project), checkRegistration(env, project), checkProcesses()),
    here('clients', checkClients(project)),
    onRedis('redis', async (opened) => await checkServer(opened, target!, clock)),
    onRedis('redis-writes', async (opened) => await checkWriting(opened, clock)),
    ...(target ? [here('own-redis', checkOwnRedis(target, configuration.loaded, env))] : []),
    onRedis('clock', async ({ client }) => [await checkClocks(client, clock)]),
    onRedis(
      'services',
      async ({ subscriber }, signal) => await checkServices((await view)!, options!.serviceName, subscriber, clock, signal, target!.shards),
    ),
    {
      name: 'otlp',
      async run() {
        const variables = ignored.map((sentence) => warn('otlp-variables', sentence, 'Mend the variable that the sentence names.'))
        if (!otlp) return [...variables, skip('otlp', `${off} switches the export off`)]
        return [...variables, await checkOtlpEndpoint(env, otlp, clock)]
      },
    },
    {
      name: 'collector',
      async run(signal) {
        if (!otlp) return [skip('collector', `${off} switches the export off`)]
        return [await checkCollector(env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined, signal)]
      },
    },
    {
      name: 'prometheus',
      async run(signal) {
        if (prometheus === undefined) {
          return [skip('prometheus', 'not looked at: give its address with --prometheus <url> or HEALTH_PROMETHEUS_URL')]
        }
        const exportIntervalSeconds = (otlp?.intervalMs ?? 60_000) / 1000
        const beating = view.then(
          (known) => known !== undefined && options !== undefined && isBeating(known, options.serviceName),
          () => false,
        )
        return await checkPrometheus({ url: prometheus, job, exportIntervalSeconds, beating }, signal)
      },
    },
  ]
  return {
    checks,
    connected: () => reached,
    close: () => void opening.then((opened) => opened && 'close' in opened && opened.close()),
  }
}

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const satisfies Record<Standing, string>

/** As wide as the longest name. */
const NAME_WIDTH = 'prometheus-series'.length

function linesOf({ status, name, message }: Finding, width: number | undefined): string[] {
  return columns([[coloured(STYLES[status], status.padEnd(4)), plain(name).padEnd(NAME_WIDTH), plain(message)]], '', width)
}

const MEND = ' '.repeat(8)

/** What failed first, then what is to be watched. */
function toMend(findings: readonly Finding[], width: number = Infinity): string[] {
  const wrong = (['fail', 'warn'] as const).flatMap((status) => findings.filter((finding) => finding.status === status))
  if (wrong.length === 0) return ['', 'Nothing to mend.']
  return [
    '',
    coloured('bold', 'What to mend:'),
    ...wrong.flatMap(({ status, name, message, mend = '' }) => [
      ...wrapped(`${coloured('bold', plain(name))}: ${plain(message)}`, width, MEND, `  ${coloured(STYLES[status], status)}  `),
      ...wrapped(plain(mend), width, MEND, MEND),
    ]),
  ]
}

function asJson({ name, status, message, mend }: Finding): object {
  return { name, status, message, mend: mend ?? null }
}
