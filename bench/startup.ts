/**
 * From spawning a process to its line `ready`: bare Node, otel-health/register, the set-up that a user would write by hand, and
 * auto-instrumentations-node. The variants take turns, so that a machine that changes speed changes it for all of them.
 *
 * Two services: one is ready when its main module has run, the other when its HTTP server listens, so that what is put off until the
 * main module has run is in its figure. The second table is what a process costs in all: processor time and memory 3 s after its start.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { startValkey } from '../examples/valkey/start-valkey.ts'
import { bar } from './rounds.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 15)
const root = fileURLToPath(new URL('../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'otel-health-startup-'))

const BY_HAND = `
import { metrics } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { Redis } from 'ioredis'
const exporter = new OTLPMetricExporter()
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] }))
new Redis(Number(process.env.HEALTH_REDIS_PORT), '127.0.0.1').on('error', () => {})
`
const REPORT = `
const say = (what) => console.log(JSON.stringify({ what, rss: process.memoryUsage.rss(), cpu: process.cpuUsage() }))
`
const SERVICES = {
  'main module': `${REPORT}say('ready'); setTimeout(() => { say('later'); process.exit() }, 3000)`,
  'HTTP server listens': `import { createServer } from 'node:http'\n${REPORT}
createServer().listen(0, '127.0.0.1', () => { say('ready'); setTimeout(() => { say('later'); process.exit() }, 3000) })`,
} as const

type Variant = 'bare' | 'register' | 'by hand' | 'auto-instrumentations'
const FLAGS: Readonly<Record<Variant, readonly string[]>> = {
  bare: [],
  register: ['--import', 'otel-health/register'],
  'by hand': ['--import', './by-hand.mjs'],
  'auto-instrumentations': ['--import', '@opentelemetry/auto-instrumentations-node/register'],
}
const variants = Object.keys(FLAGS) as Variant[]

interface Figures {
  /** Milliseconds. */
  readonly ready: number[]
  readonly cpu: number[]
  /** Megabytes. */
  readonly rss: number[]
  readonly rssLater: number[]
}

/** A project for each variant, so that each loads what it would in a project of its own. */
function prepare(): void {
  for (const variant of variants) {
    const project = join(folder, variant)
    mkdirSync(join(project, 'node_modules'), { recursive: true })
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'startup', private: true, type: 'module' }))
    for (const [name, service] of Object.entries(SERVICES)) writeFileSync(join(project, `${name}.js`), service)
    if (variant === 'auto-instrumentations') {
      const npm = process.env['npm_execpath']
      const args = ['install', '@opentelemetry/auto-instrumentations-node', '@opentelemetry/api', '--no-audit', '--no-fund', '--silent']
      execFileSync(npm ? process.execPath : 'npm', npm ? [npm, ...args] : args, { cwd: project, stdio: ['ignore', 'ignore', 'inherit'] })
    } else if (variant !== 'bare') {
      for (const name of ['@opentelemetry', 'ioredis']) symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name))
      writeFileSync(join(project, 'by-hand.mjs'), BY_HAND)
      // Copied, not linked, so that it resolves what it imports here.
      const ours = join(project, 'node_modules/otel-health')
      cpSync(join(root, 'dist'), join(ours, 'dist'), { recursive: true })
      cpSync(join(root, 'package.json'), join(ours, 'package.json'))
    }
  }
}

async function start(variant: Variant, service: string, env: NodeJS.ProcessEnv, figures: Figures): Promise<void> {
  const started = performance.now()
  const child = spawn(process.execPath, [...FLAGS[variant], `${service}.js`], {
    cwd: join(folder, variant),
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue
    const { what, rss, cpu } = JSON.parse(line) as { what: 'ready' | 'later'; rss: number; cpu: NodeJS.CpuUsage }
    if (what === 'ready') {
      figures.ready.push(performance.now() - started)
      figures.rss.push(rss / 1e6)
    } else {
      figures.cpu.push((cpu.user + cpu.system) / 1000)
      figures.rssLater.push(rss / 1e6)
    }
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const collector = createServer((request, response) => request.resume().on('end', () => response.end('{}'))).listen(0, '127.0.0.1')
await once(collector, 'listening')
const valkey = await startValkey()
prepare()
const env = {
  PATH: process.env['PATH'],
  HEALTH_REDIS_HOST: '127.0.0.1',
  HEALTH_REDIS_PORT: String(valkey.port),
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
}

for (const service of Object.keys(SERVICES)) {
  const figures = Object.fromEntries(
    variants.map((variant): [Variant, Figures] => [variant, { ready: [], cpu: [], rss: [], rssLater: [] }]),
  ) as Record<Variant, Figures>
  // The first round fills the machine's file cache and is not counted.
  for (const variant of variants) await start(variant, service, env, { ready: [], cpu: [], rss: [], rssLater: [] })
  for (let round = 0; round < ROUNDS; round++) for (const variant of variants) await start(variant, service, env, figures[variant])

  const added = (variant: Variant, figure: keyof Figures): number => median(figures[variant][figure]) - median(figures.bare[figure])
  console.log(`\nready when: ${service} (median of ${ROUNDS} rounds)`)
  console.log(`${''.padEnd(22)}  ready ms   + bare     cpu ms   + bare  rss MB ready    3 s later`)
  for (const variant of variants) {
    const { ready, cpu, rss, rssLater } = figures[variant]
    const columns = [median(ready), added(variant, 'ready'), median(cpu), added(variant, 'cpu')].map((n) => n.toFixed(1).padStart(9))
    console.log(
      `${variant.padEnd(22)} ${columns.join('')}${median(rss).toFixed(1).padStart(13)}${median(rssLater).toFixed(1).padStart(13)}`,
    )
  }
  const ours = added('register', 'ready')
  bar('register adds, of what the set-up by hand adds', ours / added('by hand', 'ready'), 1, 'at most', 'times')
  bar('register adds, of what auto-instrumentations add', ours / added('auto-instrumentations', 'ready'), 0.5, 'at most', 'times')
}

await valkey.stop()
collector.closeAllConnections()
collector.close()
rmSync(folder, { recursive: true, force: true })
