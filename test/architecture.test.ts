/** Who may import what. The pipeline is one-way: stages share words (types, catalogue) and never import one another. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../src/', import.meta.url))

interface Rule {
  /** Folders of src and packages that may be imported besides types and catalogue; `type:x` only as a type. */
  readonly may: readonly string[]
  readonly because: string
}

const SDK = '@opentelemetry/sdk-metrics'
const API = '@opentelemetry/api'
const PURE = 'it is pure: no clock, no I/O, no packages'
const COMPOSES = 'only the composition root puts stages together'

const FOLDERS: Readonly<Record<string, Rule>> = {
  record: { may: [API, 'node:*', `type:${SDK}`], because: 'recording must not know who collects or judges' },
  instrument: {
    may: [API, '@opentelemetry/instrumentation', 'node:*', 'type:*'],
    because: 'the instrumented libraries belong to the service',
  },
  collect: { may: [API, `type:${SDK}`], because: 'the reader works with any copy of the SDK, so it may load none' },
  compute: { may: [], because: PURE },
  judge: { may: [], because: PURE },
  config: { may: [], because: PURE },
  checks: { may: ['own-requests', 'node:*'], because: 'clients of dependencies are passed in' },
  publish: { may: ['ioredis', API, 'node:*'], because: 'it publishes what it is given' },
  subscribe: { may: ['ioredis', API, 'node:*'], because: 'it is the other side of the channels and knows nothing of this one' },
  services: { may: ['judge'], because: 'a profile is data made with the rule builders' },
  watch: {
    may: [
      'instrument',
      'own-requests',
      'config',
      'publish',
      'type:record',
      'type:checks',
      'type:monitor',
      'type:tracker-fetcher-monitor',
      'type:worker-monitor',
      'type:ioredis',
      API,
      'node:*',
    ],
    because: 'it puts what instrument sees into the words of the monitors, and judges nothing',
  },
  generate: {
    may: ['services', 'prometheus-name', '@grafana/grafana-foundation-sdk/*', 'yaml'],
    because: 'dashboards and rules are made from catalogue and profiles',
  },
  panel: { may: ['subscribe', 'node:*'], because: 'it sees a service as everybody else does' },
  doctor: {
    may: [
      'config',
      'publish',
      'subscribe',
      'prometheus-name',
      'instrument',
      'watch',
      'duration',
      'health-config-file',
      'otlp-exporter',
      'otlp-settings',
      'version',
      API,
      '@opentelemetry/resources',
      'node:*',
    ],
    because: 'each check tries one thing with the parts that the service itself uses; the command puts them in order',
  },
  cli: {
    may: [
      'config',
      'subscribe',
      'publish',
      'judge',
      'panel',
      'generate',
      'services',
      'doctor',
      'health-config-file',
      'otlp-settings',
      'clock',
      'duration',
      'version',
      'node:*',
      'ioredis',
    ],
    because: 'it sees a service as everybody else does',
  },
}

const EVERY_STAGE = Object.keys(FOLDERS).filter((folder) => !['watch', 'generate', 'panel', 'doctor', 'cli'].includes(folder))

/** Files at the top of src. */
const FILES: Readonly<Record<string, Rule>> = {
  'types.ts': { may: [], because: 'the words depend on nothing' },
  'catalogue.ts': { may: [], because: 'the catalogue depends on nothing' },
  'version.ts': { may: [], because: 'it is one constant' },
  'clock.ts': { may: [], because: 'it is the only place of time' },
  'prometheus-name.ts': { may: [], because: 'it is pure: a name goes in' },
  'duration.ts': { may: [], because: 'it is one way to write a time' },
  'alert-id.ts': { may: ['node:*'], because: 'it is a hash' },
  'process-end.ts': { may: ['clock'], because: 'it knows the process, not the product' },
  'health-config-file.ts': { may: ['config', 'node:*'], because: 'it finds and reads one file' },
  'global-provider.ts': { may: [`type:${API}`], because: 'it is one look at what was made global' },
  'own-requests.ts': { may: ['node:*'], because: 'it knows our requests, not what they are for' },
  'diag.ts': { may: [API], because: 'it is one way to say something' },
  'health-reader.ts': { may: ['collect', 'clock'], because: 'it makes one reader and finds it again' },
  'otlp-settings.ts': { may: [API, 'type:config'], because: 'it reads OTEL_* and nothing else' },
  'otlp-exporter.ts': {
    may: ['own-requests', '@opentelemetry/exporter-metrics-otlp-http', 'node:*'],
    because: 'it makes what sends, and knows nothing of what is sent',
  },
  'otlp.ts': {
    may: [
      'record',
      'version',
      'otlp-exporter',
      'otlp-settings',
      API,
      SDK,
      '@opentelemetry/resources',
      'type:@opentelemetry/exporter-metrics-otlp-http',
    ],
    because: 'it is the export and nothing else',
  },
  'outputs.ts': {
    may: ['config', 'publish', 'record', 'alert-id', 'otlp', 'otlp-settings', 'global-provider', 'health-reader', 'type:collect', API],
    because: 'it makes what publishes and exports, and nothing else',
  },
  'standing.ts': { may: ['judge'], because: 'it is pure: what was found goes in' },
  'neighbours.ts': { may: ['judge', 'alert-id'], because: 'it is pure: what was heard goes in' },
  'monitor-options.ts': { may: ['config', 'type:checks', 'type:collect'], because: 'it is a type' },
  'monitor.ts': {
    may: [
      ...EVERY_STAGE,
      'alert-id',
      'clock',
      'global-provider',
      'monitor-options',
      'neighbours',
      'outputs',
      'standing',
      'version',
      API,
      'node:*',
    ],
    because: COMPOSES,
  },
  'tracker-fetcher-monitor.ts': { may: [...EVERY_STAGE, 'monitor', 'monitor-options'], because: COMPOSES },
  'worker-monitor.ts': { may: [...EVERY_STAGE, 'monitor', 'monitor-options'], because: COMPOSES },
  'register.ts': {
    may: [
      'config',
      'publish',
      'watch',
      'tracker-fetcher-monitor',
      'worker-monitor',
      'clock',
      'health-config-file',
      'process-end',
      API,
      'node:*',
    ],
    because: COMPOSES,
  },
  'index.ts': {
    may: [...EVERY_STAGE, 'clock', 'health-reader', 'monitor', 'monitor-options', 'tracker-fetcher-monitor', 'worker-monitor'],
    because: 'it only exports',
  },
}

/** Files that may do what their folder may not. */
const SHARED = ['types.ts', 'catalogue.ts']
const ONLY_CLOCK_NAMES_TIME = /\b(Date\.now|new Date\(\)|performance\.now|setTimeout\(|setInterval\()/

function sources(): { readonly file: string; readonly text: string }[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: file.replaceAll('\\', '/'), text: readFileSync(join(root, file), 'utf8') }))
}

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

function importsOf(text: string): Import[] {
  const statements = text.matchAll(/^\s*(?:import|export)\s+(type\s)?([^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\((['"])([^'"]+)\4\)/gm)
  return Array.from(statements, ([, type, , from, , dynamic]) => ({ from: (from ?? dynamic)!, typeOnly: type !== undefined }))
}

/** `compute`, `clock`, `ioredis`: what an import counts as, seen from `file`. */
function target(file: string, from: string): string {
  if (!from.startsWith('.')) return from
  const path = new URL(from, `file:///${file}`).pathname.slice(1)
  return path.includes('/') ? path.split('/')[0]! : path.replace(/\.ts$/, '')
}

function allows(rule: Rule, { from, typeOnly }: Import, name: string): boolean {
  const patterns = from.startsWith('node:') ? ['node:*'] : [name, name.replace(/^(@[^/]+\/[^/]+)\/.*/, '$1/*')]
  // Whoever may speak to the API may say what has to be said.
  const may = rule.may.includes(API) ? [...rule.may, 'diag'] : rule.may
  return may.some((allowed) => {
    const isType = allowed.startsWith('type:')
    const what = isType ? allowed.slice(5) : allowed
    return (what === '*' || patterns.includes(what)) && (!isType || typeOnly)
  })
}

test('every import obeys the table of architecture', () => {
  const broken = sources().flatMap(({ file, text }) => {
    const folder = file.includes('/') ? file.split('/')[0]! : undefined
    const rule = folder === undefined ? FILES[file] : FOLDERS[folder]
    if (!rule) return [`${file} is in no place that the table knows: say in test/architecture.test.ts what it may import`]
    return importsOf(text).flatMap((each) => {
      const name = target(file, each.from)
      if (name === folder || SHARED.includes(`${name}.ts`) || allows(rule, each, name)) return []
      return [`${file} imports ${each.from}: ${folder ?? file} must not, because ${rule.because}`]
    })
  })
  expect(broken).toEqual([])
})

test.for([
  { text: "import { a } from './a.ts'", found: [{ from: './a.ts', typeOnly: false }] },
  { text: "import type {\n  A,\n  B,\n} from 'b'", found: [{ from: 'b', typeOnly: true }] },
  {
    text: "export { c } from './c.ts'\nimport 'd'",
    found: [
      { from: './c.ts', typeOnly: false },
      { from: 'd', typeOnly: false },
    ],
  },
  { text: "const e = await import('e')", found: [{ from: 'e', typeOnly: false }] },
])('the imports of $text are seen', ({ text, found }) => {
  expect(importsOf(text)).toEqual(found)
})

test('only clock.ts names the time', () => {
  const broken = sources().filter(
    ({ file, text }) => file !== 'clock.ts' && ONLY_CLOCK_NAMES_TIME.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  )
  expect(broken.map(({ file }) => file)).toEqual([])
})

test('one file makes Redis clients, and only when it is asked to', () => {
  const importing = sources().flatMap(({ file, text }) =>
    importsOf(text)
      .filter(({ from, typeOnly }) => from === 'ioredis' && !typeOnly)
      .map(() => file),
  )
  expect(new Set(importing)).toEqual(new Set(['publish/redis-client.ts']))
  const client = sources().find(({ file }) => file === 'publish/redis-client.ts')!
  expect(client.text).not.toMatch(/^import (?!type )[^\n]*from 'ioredis'/m)
})

test('no top-level await is reachable from the entry points, so that require() works', () => {
  const broken = sources().filter(({ text }) => /^(?:const .*= )?await\b/m.test(text) || /^for await\b/m.test(text))
  expect(broken.map(({ file }) => file).filter((file) => !file.startsWith('cli/'))).toEqual([])
})
