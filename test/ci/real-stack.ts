/** The real collector and the real Prometheus as they are shipped, on ports and in a folder of their own. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'

import { freePort } from '../../examples/valkey/free-port.ts'
import { stackProgram, type StackProgram } from './stack-programs.ts'

const run = promisify(execFile)

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const READY_MS = 60_000
const POLL_MS = 50
const STOP_MS = 20_000
/** Characters of a program's log, for a message about what went wrong. */
const LAST_WORDS = 4000
/** Prometheus scrapes and evaluates rules this often. */
const INTERVAL = '1s'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export interface Series {
  readonly labels: Labels
  /** Epoch seconds and value, oldest first. */
  readonly points: readonly (readonly [at: number, value: number])[]
}

export interface RuleState {
  readonly group: string
  readonly name: string
  readonly type: 'alerting' | 'recording'
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
  /** Of an alerting rule. */
  readonly state?: 'firing' | 'pending' | 'inactive'
}

interface Ports {
  readonly otlp: number
  readonly health: number
  readonly telemetry: number
  readonly prometheus: number
}

export interface RealStackOptions {
  /** Changes the text of otel-collector.yaml, to see what the shipped one prevents. */
  readonly collectorConfig?: (shipped: string) => string
  /** What Prometheus has stored before it starts, in the format OpenMetrics: of up to two weeks, as long as it keeps anything. */
  readonly past?: string
}

export class RealStack {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly otlpEndpoint: string
  readonly prometheusUrl: string
  readonly #folder: string
  readonly #ports: Ports
  #collector: RunningProgram | undefined
  #prometheus: RunningProgram | undefined

  private constructor(folder: string, ports: Ports) {
    this.#folder = folder
    this.#ports = ports
    this.otlpEndpoint = `http://127.0.0.1:${ports.otlp}`
    this.prometheusUrl = `http://127.0.0.1:${ports.prometheus}`
  }

  /** Both are ready. Rejects with what a program wrote if one is not. */
  static async start({ collectorConfig = (shipped) => shipped, past }: RealStackOptions = {}): Promise<RealStack> {
    const [otlp, health, telemetry, prometheus] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
    const stack = new RealStack(await mkdtemp(join(tmpdir(), 'otel-health-stack-')), { otlp, health, telemetry, prometheus })
    try {
      await writeFile(
        join(stack.#folder, 'otel-collector.yaml'),
        collectorConfig(await readFile(join(ROOT, 'otel-collector.yaml'), 'utf8')),
      )
      await cp(join(ROOT, 'prometheus'), join(stack.#folder, 'prometheus'), { recursive: true })
      await writeFile(join(stack.#folder, 'prometheus/prometheus.yml'), await stack.#prometheusConfig())
      if (past !== undefined) await stack.#store(past)
      await Promise.all([stack.startCollector(), stack.startPrometheus()])
      return stack
    } catch (error) {
      await stack.stop()
      throw error
    }
  }

  /** With what was in its queue. */
  async startCollector(): Promise<void> {
    const { otlp, health, telemetry } = this.#ports
    this.#collector = new RunningProgram('otelcol', ['--config', join(this.#folder, 'otel-collector.yaml')], {
      OTLP_ENDPOINT: `127.0.0.1:${otlp}`,
      PROMETHEUS_OTLP_URL: `${this.prometheusUrl}/api/v1/otlp`,
      QUEUE_DIRECTORY: join(this.#folder, 'queue'),
      HEALTH_ENDPOINT: `127.0.0.1:${health}`,
      TELEMETRY_HOST: '127.0.0.1',
      TELEMETRY_PORT: String(telemetry),
    })
    await this.#collector.answers(`http://127.0.0.1:${health}/`)
  }

  async stopCollector(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#collector?.stop(signal)
  }

  /** With what it had stored. */
  async startPrometheus(): Promise<void> {
    this.#prometheus = new RunningProgram('prometheus', [
      ...(await shippedFlags()),
      `--config.file=${join(this.#folder, 'prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${join(this.#folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${this.#ports.prometheus}`,
    ])
    await this.#prometheus.answers(`${this.prometheusUrl}/-/ready`)
  }

  async stopPrometheus(): Promise<void> {
    await this.#prometheus?.stop('SIGTERM')
  }

  /** Leaves no process and no folder. */
  async stop(): Promise<void> {
    await Promise.all([this.stopCollector(), this.stopPrometheus()])
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** What an instant query returns now; a scalar is one sample without labels. Rejects with Prometheus's own words. */
  async query(promql: string): Promise<readonly Sample[]> {
    const { resultType, result } = await this.#get<QueryData>('query', { query: promql })
    if (resultType === 'scalar') return [{ labels: {}, value: Number(result[1]) }]
    if (resultType !== 'vector') throw new Error(`${promql} is a ${resultType}, expected a vector or a scalar.`)
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }

  /** From `start` to `end`, epoch seconds, every `step` seconds. */
  async queryRange(promql: string, start: number, end: number, step: number): Promise<readonly Series[]> {
    const data = await this.#get<QueryData>('query_range', { query: promql, start: String(start), end: String(end), step: String(step) })
    return seriesOf(promql, data)
  }

  /** The points that are stored, as they were sent, of a range such as `up[5m]`. */
  async points(range: string): Promise<readonly Series[]> {
    return seriesOf(range, await this.#get<QueryData>('query', { query: range }))
  }

  /** Labels of every series that was there in the last hour. */
  async series(matcher: string): Promise<readonly Labels[]> {
    return await this.#get<readonly Labels[]>('series', { 'match[]': matcher, start: String(Date.now() / 1000 - 3600) })
  }

  async rules(): Promise<readonly RuleState[]> {
    const { groups } = await this.#get<{ groups: readonly { name: string; rules: readonly RuleState[] }[] }>('rules', {})
    return groups.flatMap(({ name: group, rules }) => rules.map((rule) => ({ ...rule, group })))
  }

  /** The last that both wrote, for a message about what went wrong. */
  get log(): string {
    return [this.#collector, this.#prometheus].map((program) => program?.lastWords ?? '').join('\n')
  }

  async #get<Data>(endpoint: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
    const response = await fetch(`${this.prometheusUrl}/api/v1/${endpoint}?${new URLSearchParams(parameters).toString()}`)
    const { data, error } = (await response.json()) as { data: Data; error?: string }
    if (error !== undefined) throw new Error(`${Object.values(parameters).join(' ')}: ${error}`)
    return data
  }

  async #store(past: string): Promise<void> {
    const file = join(this.#folder, 'past.txt')
    await writeFile(file, past)
    await run(stackProgram('promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', file, join(this.#folder, 'data')])
  }

  /** As it is shipped, with this stack's addresses and a shorter interval. */
  async #prometheusConfig(): Promise<string> {
    const addresses: Readonly<Record<string, number>> = { 'otel-collector': this.#ports.telemetry, prometheus: this.#ports.prometheus }
    const config = parse(await readFile(join(ROOT, 'prometheus/prometheus.yml'), 'utf8')) as PrometheusConfig
    Object.assign(config.global, { scrape_interval: INTERVAL, evaluation_interval: INTERVAL })
    for (const scrape of config.scrape_configs) {
      const port = addresses[scrape.job_name]
      if (port === undefined)
        throw new Error(`prometheus.yml scrapes ${scrape.job_name}, which is not in the stack: add it to real-stack.ts.`)
      scrape.static_configs = [{ targets: [`127.0.0.1:${port}`] }]
    }
    return stringify(config)
  }
}

interface PrometheusConfig {
  readonly global: object
  readonly scrape_configs: readonly { readonly job_name: string; static_configs: readonly object[] }[]
}

type QueryData =
  | { readonly resultType: 'scalar'; readonly result: readonly [number, string] }
  | { readonly resultType: 'vector'; readonly result: readonly { readonly metric: Labels; readonly value: readonly [number, string] }[] }
  | { readonly resultType: 'matrix'; readonly result: readonly { readonly metric: Labels; readonly values: readonly [number, string][] }[] }

function seriesOf(promql: string, { resultType, result }: QueryData): readonly Series[] {
  if (resultType !== 'matrix') throw new Error(`${promql} is a ${resultType}, expected a range.`)
  return result.map(({ metric, values }) => ({ labels: metric, points: values.map(([at, value]) => [at, Number(value)] as const) }))
}

/** What docker-compose.yml starts Prometheus with, but for its places. */
async function shippedFlags(): Promise<readonly string[]> {
  const { services } = parse(await readFile(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    readonly services: { readonly prometheus: { readonly command: readonly string[] } }
  }
  return services.prometheus.command.filter((flag) => !/^--(?:config\.file|storage\.tsdb\.path|web\.listen-address)=/.test(flag))
}

class RunningProgram {
  readonly #name: StackProgram
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #killAtExit = (): void => void this.#process.kill('SIGKILL')
  lastWords = ''

  constructor(name: StackProgram, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#name = name
    this.#process = spawn(stackProgram(name), args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.lastWords = (this.lastWords + text).slice(-LAST_WORDS)))
    process.once('exit', this.#killAtExit)
    this.#ended = once(this.#process, 'close').then(() => process.off('exit', this.#killAtExit))
  }

  /** Resolves when a GET of `url` is answered well. Rejects if the program ends first, or takes too long. */
  async answers(url: string): Promise<void> {
    const until = Date.now() + READY_MS
    for (;;) {
      if (this.#hasEnded) throw new Error(`${this.#name} ended by itself:\n${this.lastWords}`)
      const ready = await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
      if (ready) return
      if (Date.now() > until) throw new Error(`${this.#name} is not ready after ${READY_MS} ms:\n${this.lastWords}`)
      await sleep(POLL_MS)
    }
  }

  /** Whoever does not go is killed, and that is an error. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#hasEnded) return
    this.#process.kill(signal)
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS)
    await this.#ended
    clearTimeout(timer)
    if (this.#process.signalCode !== null && this.#process.signalCode !== signal)
      throw new Error(`${this.#name} did not end on ${signal} within ${STOP_MS} ms:\n${this.lastWords}`)
  }

  get #hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}
