/** What a project is, as far as its files say: language, modules, libraries, start. Pure. */
import { keysIn, queueNamesIn, upstreamsIn, type FoundKey, type FoundUpstream } from './found-in-sources.ts'
import type { Manifest } from './package-manifest.ts'
import { piecesOfWork, type PieceOfWork } from './pieces-of-work.ts'
import type { ProjectFiles, SourceFile } from './project-files.ts'
import { entryOf, pm2Advice, REGISTER, withRegister, type StartChange } from './start-command.ts'

/** `compiled`: TypeScript that becomes JavaScript before it is run. */
export type Language = 'JavaScript' | 'TypeScript run as it is' | 'TypeScript that is compiled'

export interface FoundScript {
  readonly name: string
  readonly command: string
  readonly change: StartChange
}

/** Something beside package.json that starts the service, which is named and not changed. */
export interface OtherStart {
  readonly file: string
  readonly advice: string
}

export interface Findings {
  readonly language: Language
  readonly modules: 'ES modules' | 'CommonJS'
  /** The file that is started. */
  readonly entry: string | undefined
  /** Scripts of package.json that start the service. */
  readonly scripts: readonly FoundScript[]
  readonly others: readonly OtherStart[]
  readonly frameworks: readonly string[]
  /** Packages that bring work. `isWatched`: without a word in health.config. */
  readonly queueLibraries: readonly { readonly name: string; readonly isWatched: boolean }[]
  readonly queueNames: readonly string[]
  /** Clients of Redis and of databases. */
  readonly clients: readonly string[]
  readonly keys: readonly FoundKey[]
  readonly upstreams: readonly FoundUpstream[]
  readonly pieces: readonly PieceOfWork[]
  readonly isInstalled: boolean
  readonly installer: 'npm' | 'pnpm' | 'yarn' | 'bun'
}

const FRAMEWORKS: Readonly<Record<string, string>> = {
  '@nestjs/core': 'NestJS',
  express: 'Express',
  fastify: 'Fastify',
  koa: 'Koa',
  '@hapi/hapi': 'hapi',
  hono: 'Hono',
  next: 'Next.js',
  '@adonisjs/core': 'AdonisJS',
}

/** By package, the library whose work it is. */
const QUEUES: Readonly<Record<string, string>> = {
  ...{ bullmq: 'bullmq', '@nestjs/bullmq': 'bullmq', bull: 'bull', '@nestjs/bull': 'bull', 'bee-queue': 'beequeue', 'pg-boss': 'pgboss' },
  ...{ 'graphile-worker': 'graphileworker', agenda: 'agenda', 'p-queue': 'pqueue', 'sqs-consumer': 'sqsconsumer' },
  ...{ '@aws-sdk/client-sqs': 'awssdkclientsqs', amqplib: 'amqplib', 'amqp-connection-manager': 'amqplib', kafkajs: 'kafkajs' },
  ...{ 'node-cron': 'nodecron', '@nestjs/schedule': 'nestjsschedule', nats: 'nats', mqtt: 'mqtt', 'node-resque': 'noderesque' },
}

const CLIENTS = [
  'ioredis',
  'redis',
  '@valkey/valkey-glide',
  'iovalkey',
  'pg',
  'postgres',
  'mysql2',
  'mongodb',
  'mongoose',
  '@prisma/client',
  'typeorm',
  'knex',
]

/** Scripts that start a service as it runs in production; the others are of people who write it. */
const STARTS = /^(?:start|start:prod|start:production|serve|worker)$/
/** The likeliest first. */
const ENTRIES = ['index.*', 'server.*', 'app.*', 'main.*', 'worker.*', 'service.*'].flatMap((name) =>
  ['', 'src/'].flatMap((folder) => ['js', 'mjs', 'cjs', 'ts', 'mts'].map((form) => folder + name.replace('*', form))),
)

/** `watched`: the names of queue libraries whose work is seen by itself. `entry`: as a person says. */
export function lookAt(files: ProjectFiles, manifest: Manifest, watched: readonly string[], givenEntry: string | undefined): Findings {
  const { sources, beside, names } = files
  const scripts = Object.entries(manifest.scripts)
    .filter(([name]) => STARTS.test(name))
    .map(([name, command]) => ({ name, command, change: withRegister(command) }))
  const entry = givenEntry ?? entryFrom(scripts, manifest, sources, beside)
  const isWatched = (library: string) => watched.some((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '') === library)
  return {
    language: languageOf(entry, manifest, scripts, sources),
    modules: manifest.isModule || entry?.endsWith('.mjs') || entry?.endsWith('.mts') ? 'ES modules' : 'CommonJS',
    entry,
    scripts,
    others: othersIn(beside),
    frameworks: Object.entries(FRAMEWORKS).flatMap(([name, title]) => (manifest.dependencies.has(name) ? [title] : [])),
    queueLibraries: queuesOf(manifest).map(([name, library]) => ({ name, isWatched: isWatched(library) })),
    queueNames: queueNamesIn(sources),
    clients: CLIENTS.filter((name) => manifest.dependencies.has(name)),
    keys: keysIn(sources),
    upstreams: upstreamsIn(sources),
    pieces: piecesOfWork(sources),
    isInstalled: manifest.dependencies.has('otel-health'),
    installer: installerOf(names),
  }
}

/** The first package of each library. */
function queuesOf({ dependencies }: Manifest): readonly (readonly [name: string, library: string])[] {
  const used = Object.entries(QUEUES).filter(([name]) => dependencies.has(name))
  return used.filter(([, library], i) => used.findIndex(([, other]) => other === library) === i)
}

function entryFrom(
  scripts: readonly FoundScript[],
  { main, scripts: all }: Manifest,
  sources: readonly SourceFile[],
  beside: readonly SourceFile[],
): string | undefined {
  const isBuilt = BUILDS.test(all['build'] ?? '')
  const isThere = (path: string) => sources.some((source) => source.path === path)
  const started = scripts.map(({ change }) => change.entry).find((entry) => entry !== undefined && entry !== '.')
  if (started !== undefined) return started
  if (main !== undefined && (isThere(main.replace(/^\.\//, '')) || /^(?:\.\/)?(?:dist|build|out)\//.test(main)))
    return main.replace(/^\.\//, '')
  const elsewhere = beside.filter(({ path }) => /Dockerfile|Procfile/.test(path)).flatMap(({ text }) => commandOfImage(text) ?? [])
  return (
    elsewhere.map(entryOf).find((entry) => entry !== undefined) ??
    ENTRIES.find((path) => isThere(path) && !(isBuilt && /\.[cm]?ts$/.test(path)))
  )
}

/** TypeScript that is compiled is not started from its sources. */
const BUILDS = /\b(?:tsc|swc|esbuild|tsup|rollup|webpack|vite|nest build|ncc)\b/

function languageOf(
  entry: string | undefined,
  { dependencies }: Manifest,
  scripts: readonly FoundScript[],
  sources: readonly SourceFile[],
): Language {
  if (entry !== undefined && /\.[cm]?ts$/.test(entry)) return 'TypeScript run as it is'
  const isTypeScript = dependencies.has('typescript') && sources.some(({ path }) => /\.[cm]?ts$/.test(path))
  const isCompiled = isTypeScript || scripts.some(({ command }) => /\bnest start\b/.test(command))
  return isCompiled ? 'TypeScript that is compiled' : 'JavaScript'
}

function installerOf(names: readonly string[]): Findings['installer'] {
  if (names.some((name) => name.startsWith('pnpm-'))) return 'pnpm'
  if (names.includes('yarn.lock')) return 'yarn'
  return names.some((name) => name.startsWith('bun.lock')) ? 'bun' : 'npm'
}

function othersIn(beside: readonly SourceFile[]): readonly OtherStart[] {
  return beside.flatMap(({ path, text }) => {
    if (text.includes(REGISTER)) return []
    if (/^(?:ecosystem|pm2|process)\b/.test(path)) return [{ file: path, advice: pm2Advice(undefined) }]
    if (/Dockerfile/i.test(path)) return imageAdvice(path, text)
    if (path === 'Procfile') return imageAdvice(path, text)
    const command = /^\s*(?:command|entrypoint|ExecStart)\s*[:=]\s*(.+)$/m.exec(text)?.[1]
    if (command === undefined || !/\bnode\b/.test(command)) return []
    const changed = withRegister(plainCommand(command))
    return changed.is === 'changed' ? [{ file: path, advice: `start it with ${changed.command}` }] : []
  })
}

function imageAdvice(file: string, text: string): readonly OtherStart[] {
  const command = commandOfImage(text)
  const changed = command === undefined ? undefined : withRegister(command)
  if (!changed || changed.is === 'already there') return []
  // npm and its like start the script, which is changed.
  if (/^(?:npm|pnpm|yarn)\b/.test(command!)) return []
  return [{ file, advice: changed.is === 'changed' ? `start it with ${changed.command}` : changed.advice }]
}

/** Of the last CMD or ENTRYPOINT, or of a Procfile. */
function commandOfImage(text: string): string | undefined {
  const lines = Array.from(text.matchAll(/^(?:CMD|ENTRYPOINT|(?:web|worker):)\s*(.+)$/gm), ([, command]) => command!)
  const last = lines.at(-1)
  return last === undefined ? undefined : plainCommand(last)
}

/** `["node", "a.js"]` as `node a.js`. */
function plainCommand(text: string): string {
  const list = /^\s*\[(.*)\]\s*$/.exec(text)?.[1]
  return list === undefined ? text.trim() : Array.from(list.matchAll(/"([^"]*)"|'([^']*)'/g), ([, a, b]) => a ?? b ?? '').join(' ')
}
