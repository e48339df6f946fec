/** Who may import what. The pipeline is one-way: stages share words (types, catalogue) and never import one another. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../src/', import.meta.url))

interface Rule {
  /** Folders of src and packages that may be imported besides what everybody may import; `type:x` only as a type. */
  readonly may: readonly string[]
  readonly because: string
}

const SDK = '@opentelemetry/sdk-metrics'
const API = '@opentelemetry/api'
const PURE = 'it is pure: no clock, no I/O, no packages'
const OUTSIDE = 'it sees a service as everybody else does'

/** By folder; of instrument, kinds and panel, by the folder in it. */
const FOLDERS: Readonly<Record<string, Rule>> = {
  // The pipeline, in its order. Stages share words and never import one another.
  record: { may: [API, 'node:*', `type:${SDK}`, 'type:supervised'], because: 'recording must not know who collects or judges' },
  collect: { may: [API, `type:${SDK}`], because: 'the reader works with any copy of the SDK, so it may load none' },
  compute: { may: [], because: PURE },
  judge: { may: [], because: PURE },
  rules: { may: ['judge'], because: 'it says what is judged and how, and is as pure as what judges' },
  overlays: { may: ['judge'], because: PURE },
  wire: {
    may: ['ioredis', API, 'node:*', 'type:judge', 'overlays'],
    because: 'both sides of the channels share it, so that it knows neither',
  },
  probe: { may: ['wire', API, 'node:*'], because: 'it answers from what it is given, and nothing that could be away' },
  publish: { may: ['wire', 'judge', 'overlays', API, 'node:*'], because: 'it publishes what it is given' },
  subscribe: {
    may: ['wire', 'judge', 'clock', 'type:ioredis', API],
    because: 'it is the other side of the channels and knows nothing of this one',
  },

  // What is seen of a service.
  'instrument/hook': { may: ['version', API, 'node:*'], because: 'how modules are seen has nothing to do with what is seen in them' },
  'instrument/calls': {
    may: ['instrument/hook', 'type:record', API, 'node:*'],
    because: 'how calls are seen has nothing to do with whose they are',
  },
  'instrument/http': {
    may: ['instrument/calls', API, 'node:*', 'type:config'],
    because: 'the instrumented libraries belong to the service',
  },
  'instrument/clients': {
    may: ['instrument/calls', API, 'node:*', 'type:instrument/hook', 'type:checks'],
    because: 'the instrumented libraries belong to the service',
  },
  'instrument/queues': {
    may: ['instrument/calls', 'instrument/http', API, 'node:*', 'type:instrument/hook', 'type:config', 'type:wire', 'type:record'],
    because: 'the instrumented libraries belong to the service',
  },
  checks: { may: ['instrument/http', 'node:*'], because: 'clients of dependencies are passed in' },

  // What a monitor is made of.
  config: { may: ['rules', 'type:wire'], because: PURE },
  export: {
    may: ['collect', 'record', 'config', 'instrument/hook', 'instrument/http', 'clock', 'version', API, 'node:*', `type:${SDK}`],
    because: 'it is the way of metrics to a collector and nothing else',
  },
  service: {
    may: [
      ...[
        'checks',
        'collect',
        'compute',
        'config',
        'export',
        'judge',
        'overlays',
        'probe',
        'publish',
        'record',
        'rules',
        'wire',
        'clock',
        'version',
      ],
      ...['node:*', API, `type:${SDK}`],
    ],
    because: 'it puts the stages together, and knows no kind of service',
  },
  kinds: {
    may: ['config', 'judge', 'rules', 'type:panels', 'type:service', 'type:zero-code', 'kinds/*'],
    because: 'it goes through the kinds and has nothing of one',
  },
  'kinds/*': {
    may: [
      ...['kinds', 'kinds/worker', 'config', 'instrument/http', 'panels', 'record', 'rules', 'service'],
      ...['type:instrument/queues', 'type:zero-code', 'type:config', 'node:*'],
    ],
    because: 'a kind is made of the builders that users have, and of the base kind',
  },
  'zero-code': {
    may: [
      ...['instrument/calls', 'instrument/clients', 'instrument/http', 'instrument/queues', 'config', 'wire', 'version', API, 'node:*'],
      ...['type:instrument/hook', 'type:checks', 'type:record', 'type:service', 'type:ioredis'],
    ],
    because: 'it puts what instrument sees into the words of any monitor, and judges nothing',
  },

  obey: {
    may: ['config', 'wire', 'type:service', 'type:record', 'type:supervised', API, 'node:*'],
    because: 'it does what people and supervisors ask, of a service that is handed to it',
  },

  // What starts a service again.
  supervised: { may: ['node:*', 'type:wire'], because: 'it is the words of both sides, and one of them has no Redis' },
  supervise: {
    may: ['supervised', 'clock', 'node:*', 'type:wire'],
    because: 'one such process stands beside every service, and is to stay small: what needs Redis is for announce',
  },
  announce: {
    may: ['supervise', 'obey', 'config', 'wire', 'clock', API, 'node:*'],
    because: 'it says what it is told, and decides nothing',
  },

  // Who looks on.
  panels: { may: ['export', 'rules'], because: 'what a dashboard shows is data, made of metrics and rules' },
  generate: {
    may: ['kinds', 'panels', 'rules', 'export', 'type:config', '@grafana/grafana-foundation-sdk/*', 'yaml'],
    because: 'dashboards and rules are made from metrics and kinds',
  },
  control: {
    may: ['wire', 'overlays', 'judge', 'subscribe', 'node:*', 'type:ioredis'],
    because: 'it says what people want, in the words of the wire, and knows nothing of the services',
  },
  simulate: { may: ['judge', 'rules'], because: 'it is pure, and shares nothing but the rules and their alerts with what it tries' },
  replay: { may: ['judge', 'rules', 'wire'], because: 'it is pure: history in, what would have fired out' },
  panel: { may: ['type:wire', 'type:control'], because: 'both sides of the panel and its pages share these words' },
  'panel/http': {
    may: [
      ...['control', 'wire', 'clock', 'version', 'panel', API, 'node:*'],
      ...['hono', 'hono/*', '@hono/node-server', 'openid-client', 'type:openid-client'],
    ],
    because: 'it answers requests from what it is given, and knows nothing of Redis',
  },
  'panel/data': {
    may: ['subscribe', 'control', 'wire', 'overlays', 'judge', 'clock', 'panel', API, 'node:*', 'type:ioredis'],
    because: 'it knows Redis, and nothing of HTTP',
  },
  'panel/page': {
    may: ['preact', 'preact/*', '@preact/signals', 'uplot', 'uplot/*', 'type:panel', 'overlays', 'subscribe', 'control'],
    because: 'it runs in a browser, and of the server it has the words, and what is pure: matchers and lengths of time',
  },
  relay: { may: ['config', 'wire', 'judge', 'node:*', 'type:ioredis'], because: OUTSIDE },
  doctor: {
    may: [
      ...['config', 'export', 'instrument/hook', 'kinds', 'rules', 'subscribe', 'wire', 'zero-code', 'version'],
      ...[API, '@opentelemetry/resources', 'node:*'],
    ],
    because: 'each check tries one thing with the parts that the service itself uses; the command puts them in order',
  },
  init: { may: [], because: 'it knows projects, and nothing of services that run' },
  cli: {
    may: [
      'config',
      'control',
      'doctor',
      'export',
      'generate',
      'init',
      'instrument/queues',
      'judge',
      'kinds',
      'overlays',
      'panel',
      'panel/http',
      'publish',
      'relay',
      'replay',
      'rules',
      'simulate',
      'subscribe',
      'wire',
      'clock',
      'version',
      'node:*',
      'ioredis',
    ],
    because: OUTSIDE,
  },
}

/** Files at the top of src, and those that may do more than their folder. */
const FILES: Readonly<Record<string, Rule>> = {
  'types.ts': { may: [], because: 'the words depend on nothing' },
  'catalogue.ts': { may: [], because: 'the catalogue depends on nothing' },
  'credentials.ts': { may: [], because: 'whatever is said or published passes through it' },
  'version.ts': { may: [], because: 'it is two constants' },
  'clock.ts': { may: [], because: 'it is the only place of time' },
  'diag.ts': { may: [API], because: 'it is one way to say something' },
  'register.ts': {
    may: [
      ...['clock', 'config', 'export', 'instrument/calls', 'instrument/hook', 'instrument/queues', 'kinds', 'obey', 'record', 'service'],
      ...['supervised', 'version', 'zero-code', API, 'node:*'],
    ],
    because: 'it puts a service that knows nothing of us and a monitor together',
  },
  'index.ts': {
    may: [...['checks', 'clock', 'collect', 'config', 'export', 'judge', 'kinds', 'kinds/*', 'record'], ...['rules', 'service']],
    because: 'it only exports',
  },
  'config/health-config-file.ts': { may: ['config', 'node:*'], because: 'it finds and reads one file' },
  'init/project-files.ts': { may: ['node:*'], because: 'it reads files' },
  'config/load-config-module.ts': { may: ['node:*'], because: 'it loads one module' },
  'export/own-sdk.ts': {
    may: ['export', API, 'node:*', `type:${SDK}`, 'type:@opentelemetry/resources', 'type:@opentelemetry/exporter-metrics-otlp-http'],
    because: 'it is the only file that loads the SDK',
  },
  'export/otlp-exporter.ts': {
    may: ['export', 'instrument/http', 'node:*', 'type:@opentelemetry/exporter-metrics-otlp-http'],
    because: 'it makes what sends, and knows nothing of what is sent',
  },
  'export/owned-provider.ts': {
    may: ['export', 'record', 'version', API, `type:${SDK}`, 'type:@opentelemetry/exporter-metrics-otlp-http'],
    because: 'it is the provider of our own and nothing else',
  },
  'simulate/main.ts': {
    may: ['simulate', 'kinds', 'rules', 'node:*'],
    because: 'it is the command that measures the rules of this repository',
  },
  'supervise/restarts.ts': { may: ['subscribe'], because: 'it says how long something lasted, and is pure' },
  'supervise/supervisor.ts': { may: ['supervised', 'subscribe'], because: 'it says how long something lasted, and is pure' },
  'supervise/run-options.ts': { may: ['control'], because: 'it reads lengths of time as other commands do' },
  'cli/run.ts': { may: ['supervise'], because: 'it is the command that supervises' },
  'cli/command-list.ts': { may: ['supervise'], because: 'it has the options of run, which reads them itself' },
  'cli/panel.ts': { may: ['panel', 'panel/http', API], because: 'what the panel has to say it says on stderr' },
  'panel/page/vite.config.ts': { may: ['node:*', 'vite'], because: 'it says how the pages are built' },
  'panel.ts': {
    may: ['panel/http', 'panel/data'],
    because: 'it puts the two sides of the panel together',
  },
  'panel/data/told-targets.ts': {
    may: ['relay', 'wire', 'type:panel', 'type:ioredis'],
    because: 'it reads what relays write of themselves, and nothing else of them',
  },
  'panel/data/month-queries.ts': {
    may: ['export', 'kinds'],
    because: 'it asks Prometheus for what kinds say of themselves, and draws nothing',
  },
  'kinds/list.ts': { may: ['kinds/*'], because: 'it is the only list of kinds' },
}

/** Files that everybody may import. */
const SHARED = ['types.ts', 'catalogue.ts', 'credentials.ts']
const ONLY_CLOCK_NAMES_TIME = /\b(Date\.now|new Date\(\)|performance\.now|setTimeout\(|setInterval\()/

function sources(): { readonly file: string; readonly text: string }[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
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

/** `compute`, `instrument/http`, `clock`: the folder of a file, or its name. */
function placeOf(file: string): string {
  const parts = file.split('/')
  if (parts.length === 1) return file.replace(/\.ts$/, '')
  return ['instrument', 'kinds', 'panel'].includes(parts[0]!) && parts.length > 2 ? parts.slice(0, 2).join('/') : parts[0]!
}

/** What an import counts as, seen from `file`. */
function target(file: string, from: string): string {
  return from.startsWith('.') ? placeOf(new URL(from, `file:///${file}`).pathname.slice(1)) : from
}

function ruleOf(file: string): Rule | undefined {
  const place = placeOf(file)
  return FILES[file] ?? FOLDERS[place] ?? (place.startsWith('kinds/') ? FOLDERS['kinds/*'] : undefined)
}

function allows(rule: Rule, { from, typeOnly }: Import, name: string): boolean {
  const patterns = from.startsWith('node:') ? ['node:*'] : [name, name.replace(/^(@[^/]+\/[^/]+|kinds|hono|preact|uplot)\/.*/, '$1/*')]
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
    const rule = ruleOf(file)
    if (!rule) return [`${file} is in no place that the table knows: say in test/architecture.test.ts what it may import`]
    return importsOf(text).flatMap((each) => {
      const name = target(file, each.from)
      if (name === placeOf(file) || SHARED.includes(`${name}.ts`) || allows(rule, each, name)) return []
      return [`${file} imports ${each.from}: it must not, because ${rule.because}`]
    })
  })
  expect(broken).toEqual([])
})

test('one module samples the event loop: two that reset what they read would each know the half', () => {
  const samples = /\b(?:monitorEventLoopDelay|eventLoopUtilization)\b/
  expect(sources().flatMap(({ file, text }) => (samples.test(text) ? [file] : []))).toEqual(['record/process-metrics.ts'])
})

/** What Node 20 does not export: an import of it by name would end with a stack trace there, before scripts/old-node.cjs has its say. */
const NEWER_EXPORTS: Readonly<Record<string, RegExp>> = {
  'node:module': /\b(?:findPackageJSON|registerHooks|stripTypeScriptTypes|enableCompileCache|constants)\b/,
  'node:util': /\b(?:styleText|getCallSites|parseEnv|diff)\b/,
  'node:zlib': /\b(?:crc32|zstd\w*)\b/i,
}

test('nothing that an older Node does not export is imported by its name', () => {
  const named = /^import (?!type\b)[^'"]*\{([^}]*)\}\s*from '(node:[^']+)'/gm
  const found = sources().flatMap(({ file, text }) =>
    [...text.matchAll(named)]
      .filter(([, names, from]) => NEWER_EXPORTS[from!]?.test(names!) ?? from === 'node:sqlite')
      .map(([, names]) => `${file}: ${names}`),
  )
  expect(found).toEqual([])
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

test('only clock.ts names the time, and what runs in a browser', () => {
  const broken = sources().filter(
    ({ file, text }) =>
      file !== 'clock.ts' && !file.startsWith('panel/page/') && ONLY_CLOCK_NAMES_TIME.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  )
  expect(broken.map(({ file }) => file)).toEqual([])
})

test('one file makes Redis clients, and only when it is asked to', () => {
  const importing = sources().flatMap(({ file, text }) =>
    importsOf(text)
      .filter(({ from, typeOnly }) => from === 'ioredis' && !typeOnly)
      .map(() => file),
  )
  expect(new Set(importing)).toEqual(new Set(['wire/redis-client.ts']))
  const client = sources().find(({ file }) => file === 'wire/redis-client.ts')!
  expect(client.text).not.toMatch(/^import (?!type )[^\n]*from 'ioredis'/m)
})

test('no top-level await is reachable from the entry points, so that require() works', () => {
  const broken = sources().filter(({ text }) => /^(?:const .*= )?await\b/m.test(text) || /^for await\b/m.test(text))
  expect(broken.map(({ file }) => file).filter((file) => !file.startsWith('cli/') && file !== 'simulate/main.ts')).toEqual([])
})

test('no files import each other in a circle, not even for types', () => {
  const files = sources()
  const known = new Set(files.map(({ file }) => file))
  const imports = new Map(
    files.map(({ file, text }) => [
      file,
      importsOf(text)
        .filter(({ from }) => from.startsWith('.'))
        .map(({ from }) => new URL(from, `file:///${file}`).pathname.slice(1))
        .filter((path) => known.has(path)),
    ]),
  )
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (done.has(file)) return
    for (const next of imports.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of known) visit(file, [])
  expect(circles).toEqual([])
})

test('the monitor fits on two screens', () => {
  expect(readFileSync(join(root, 'service/monitor.ts'), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(150)
})
