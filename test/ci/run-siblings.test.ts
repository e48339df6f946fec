/**
 * `otel-health run` under what starts several services at once, as npm installs it: a service that crashes, is restarted, is stopped or is given up
 * takes none of its siblings along, for whoever started them sees one process that does not end.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { isThere } from '../e2e/run-process.ts'
import { launch, type Launched } from '../support/launched.ts'
import { SdkProjects } from './sdk-projects.ts'

const run = promisify(execFile)
const soon = { timeout: 60_000, interval: 50 }

const PACKAGES = { foreman: '^3', concurrently: '^9', pm2: '^7' }

/** `a` and `b` are run, and watched; `plain` is beside them, and nobody knows of it. */
type Service = 'a' | 'b' | 'plain'

const WATCHED = 'node --import otel-health/register service.js'
/** Its second crash is one too many. */
const STAYS = 'node_modules/.bin/otel-health run --max-restarts 1'
const EXITS = `${STAYS} --exit-on-give-up`

/** For a shell that gives its place to the command: what is sent to it would end with it otherwise. */
const commands = (runs: string): Readonly<Record<Service, string>> => ({
  a: `HEALTH_SERVICE_NAME=a exec ${runs} -- ${WATCHED} a`,
  b: `HEALTH_SERVICE_NAME=b exec ${runs} -- ${WATCHED} b`,
  plain: 'exec node service.js plain',
})

const procfile = (runs: string): string =>
  Object.entries(commands(runs))
    .map(([name, command]) => `${name}: ${command}\n`)
    .join('')

/** PM2 names the service by itself. */
const ecosystem = (runs: string): string => {
  const [script, ...options] = runs.split(' ')
  const watched = ['a', 'b'].map((name) => ({ name, script, args: [...options, '--', ...WATCHED.split(' '), name] }))
  return `module.exports = ${JSON.stringify({ apps: [...watched, { name: 'plain', script: 'service.js', args: ['plain'] }] })}`
}

const FILES: Readonly<Record<string, string>> = {
  'work.js': 'export const work = async () => {}',
  'service.js': `import { work } from './work.js'
import { writeFileSync } from 'node:fs'
process.on('SIGUSR2', () => process.exit(3))
const end = () => {
  writeFileSync(String(process.pid), '')
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => setTimeout(end, 500))
setInterval(() => void work(), 200)
console.log(\`\${process.argv[2]} began as \${process.pid}; up \${process.pid}\`)`,
  'health.config.json': JSON.stringify({
    control: { allow: ['stop', 'restart'], holds: [{ module: './work.js', function: 'work' }] },
    methods: [{ module: './work.js', function: 'work', records: 'attempt' }],
  }),
  'stays.procfile': procfile(STAYS),
  'exits.procfile': procfile(EXITS),
  'stays.config.cjs': ecosystem(STAYS),
  'exits.config.cjs': ecosystem(EXITS),
}

let folder: string
let projects: SdkProjects
beforeAll(async () => {
  projects = await SdkProjects.pack()
  folder = await projects.project(PACKAGES)
  for (const [file, text] of Object.entries(FILES)) await writeFile(join(folder, file), text)
})
afterAll(() => projects?.remove())

const bin = (name: string): string => join(folder, 'node_modules/.bin', name)
const concurrently = (how: 'stays' | 'exits', ...options: readonly string[]): readonly string[] => {
  return [bin('concurrently'), ...options, ...Object.values(commands(how === 'stays' ? STAYS : EXITS))]
}

interface Manager {
  readonly manager: string
  /** `exits`: the run of a service ends when it gives up. */
  readonly command: (how: 'stays' | 'exits') => readonly string[]
  /** By what people end it. */
  readonly end: NodeJS.Signals
  /** What it does when one of its processes ends. */
  readonly then: 'ends all' | 'lets the others be' | 'starts it again'
}

const managers: readonly Manager[] = [
  { manager: 'foreman', command: (how) => [bin('nf'), 'start', '--procfile', `${how}.procfile`], end: 'SIGINT', then: 'ends all' },
  { manager: 'concurrently', command: (how) => concurrently(how), end: 'SIGTERM', then: 'lets the others be' },
  { manager: 'concurrently --kill-others', command: (how) => concurrently(how, '--kill-others'), end: 'SIGTERM', then: 'ends all' },
  { manager: 'PM2', command: (how) => [bin('pm2-runtime'), '--raw', `${how}.config.cjs`], end: 'SIGTERM', then: 'starts it again' },
]

/** Services that one manager has started. */
class Siblings {
  readonly #launched: Launched

  constructor(launched: Launched) {
    this.#launched = launched
  }

  /** Of each process of a service that has begun, in order. */
  pids(service: Service): readonly number[] {
    const begun = this.#launched.stdout.matchAll(/\b(\w+) began as (\d+)/g)
    return Array.from(begun).flatMap(([, name, pid]) => (name === service ? Number(pid) : []))
  }

  /** Waits until as many processes of it have begun, and all were heard; returns the last. */
  running(service: 'a' | 'b', count: number): Promise<number> {
    const heard = () => Array.from(this.#launched.heard.values()).filter((each) => each.service === service).length
    return vi.waitFor(() => {
      const [begun, known] = [this.pids(service).length, heard()]
      if (begun !== count || known !== count)
        throw new Error(`${begun} processes of ${service} have begun, ${known} were heard, expected ${count}: ${this.said}`)
      return this.pids(service).at(-1)!
    }, soon)
  }

  /** Resolves when it is done. */
  async ctl(action: 'stop' | 'start' | 'restart', service: 'a' | 'b'): Promise<void> {
    const env = { ...process.env, HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(this.#launched.redis.options.port) }
    await run(process.execPath, [bin('otel-health'), 'ctl', action, service, '-m', 'a test', '--by', 'ann'], { env, cwd: folder })
  }

  /** Whose supervisor is gone is no child of anybody else. */
  kill(): void {
    for (const pid of (['a', 'b', 'plain'] as const).flatMap((service) => this.pids(service).filter(isThere))) process.kill(pid, 'SIGKILL')
  }

  get said(): string {
    return `${this.#launched.stdout}\n${this.#launched.stderr}`
  }

  async saidSoon(text: RegExp): Promise<void> {
    await vi.waitUntil(() => text.test(this.said), soon)
  }
}

/** By an exit code: who hears of a signal sends it to others. */
function crash(pid: number): void {
  process.kill(pid, 'SIGUSR2')
}

describe.for(managers)('under $manager', ({ manager, command, end, then }) => {
  async function start(how: 'stays' | 'exits', onTestFinished: (end: () => void | Promise<void>) => void) {
    // The supervisor would load what is for the service.
    const env = { NODE_OPTIONS: undefined, PM2_HOME: join(folder, `${manager}-${how}`), FORCE_COLOR: '0' }
    const launched = await launch(command(how), { cwd: folder, env, processes: 3, interval: 1, onTestFinished })
    const siblings = new Siblings(launched)
    onTestFinished(() => siblings.kill())
    await siblings.running('a', 1)
    await siblings.running('b', 1)
    return { siblings, launcher: launched.process, ended: once(launched.process, 'exit') }
  }

  test('what happens to one service is seen by no other, until the manager is told to end', { timeout: 300_000 }, async (context) => {
    const { siblings, launcher, ended } = await start('stays', context.onTestFinished)
    const others = [...siblings.pids('b'), ...siblings.pids('plain')]

    crash(siblings.pids('a').at(-1)!)
    await siblings.running('a', 2)
    await siblings.ctl('restart', 'a')
    await siblings.running('a', 3)
    await siblings.ctl('stop', 'a')
    expect(siblings.pids('a').filter(isThere)).toEqual([])
    await siblings.ctl('start', 'a')
    crash(await siblings.running('a', 4))
    crash(await siblings.running('a', 5))
    await siblings.saidSoon(/stays down: it was started again/)

    expect([...siblings.pids('b'), ...siblings.pids('plain')]).toEqual(others)
    expect(others.filter(isThere)).toEqual(others)
    expect(launcher.exitCode).toBe(null)
    // As each of them says when a process has ended.
    expect(siblings.said).not.toMatch(/exited/i)

    launcher.kill(end)
    await ended
    await vi.waitFor(() => expect(others.filter(isThere)).toEqual([]), soon)
    // Each has ended in its own time, which a second signal would have cut short. With --kill-others all get a second when the first of them has ended.
    const inTime = manager === 'concurrently --kill-others' ? [] : others
    expect(inTime.filter((pid) => existsSync(join(folder, String(pid))))).toEqual(inTime)
    expect(siblings.pids('a')).toHaveLength(5)
  })

  test(`with --exit-on-give-up it hears of the end, and ${then}`, { timeout: 300_000 }, async (context) => {
    const { siblings, ended } = await start('exits', context.onTestFinished)
    const others = [...siblings.pids('b'), ...siblings.pids('plain')]

    crash(siblings.pids('a').at(-1)!)
    crash(await siblings.running('a', 2))
    await siblings.saidSoon(/exited/i)
    if (then === 'ends all') await ended
    else await siblings.running(then === 'starts it again' ? 'a' : 'b', then === 'starts it again' ? 3 : 1)
    await vi.waitFor(() => expect(others.filter(isThere)).toEqual(then === 'ends all' ? [] : others), soon)
  })
})
