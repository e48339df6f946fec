/** The ACL files of docs/acl, loaded by redis-server as it is packaged: what each role may do, command by command, and that the programs need no more. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { ACL_FOLDER, aclLine, type Role } from '../../scripts/acl.ts'
import { COMMANDS, type CommandName } from '../../src/cli/command-list.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { shardNames, shardOf } from '../../src/wire/names.ts'
import { readDesired, readRequests } from '../../src/wire/read-requests.ts'
import { createPublisher } from '../../src/wire/redis-client.ts'
import { REGISTER, ServiceProcess } from '../e2e/service-process.ts'
import { isAlive, says } from '../support/asked-service.ts'
import { sayAlert } from '../support/said-alert.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const INDEX = pathToFileURL(fileURLToPath(new URL('../../src/index.ts', import.meta.url))).href
const ROLES: readonly Role[] = ['service', 'viewer', 'operator', 'relay']
const ADMIN = 'password-of-admin'

function passwordOf(role: Role): string {
  return `password-of-${role}`
}

/** As README and docs/security.md say: the files in one, each with a password. */
function writeAclFile(folder: string, sharded: boolean): string {
  const file = join(folder, sharded ? 'shards.acl' : 'users.acl')
  const lines = ROLES.map((role) => aclLine(role, sharded).replace('\n', ` >${passwordOf(role)}\n`))
  writeFileSync(file, `user default on >${ADMIN} ~* &* +@all\n${lines.join('')}`)
  return file
}

async function start(folder: string, sharded = false, args: readonly string[] = []): Promise<{ redis: RealRedis; admin: Redis }> {
  const redis = await startRedis({ args: ['--aclfile', writeAclFile(folder, sharded), ...args], client: { password: ADMIN } })
  return { redis, admin: new Redis({ port: redis.port, password: ADMIN }) }
}

let folder: string
let redis: RealRedis
let admin: Redis

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'otel-health-acl-'))
  ;({ redis, admin } = await start(folder))
})
afterAll(async () => {
  admin?.disconnect()
  await redis?.stop()
  rmSync(folder, { recursive: true })
})

function as(role: Role, port: number = redis.port): Redis {
  const client = new Redis({
    port,
    username: `health-${role}`,
    password: passwordOf(role),
    disableClientInfo: true,
    enableReadyCheck: false,
  })
  onTestFinished(() => client.disconnect())
  return client
}

test.for(ROLES)('%s: nobody is let in by the file as it is shipped', async (role) => {
  await admin.call('ACL', 'SETUSER', 'shipped', ...aclLine(role, false).trim().split(' ').slice(2))
  const client = new Redis({ port: redis.port, protocol: 2, retryStrategy: () => null, enableReadyCheck: false, disableClientInfo: true })
  onTestFinished(() => client.disconnect())
  for (const password of ['', 'x', 'shipped']) await expect(client.auth('shipped', password)).rejects.toThrow(/WRONGPASS/)
  await expect(client.ping()).rejects.toThrow(/NOAUTH/)
})

const STATUS = '{health}:status:mailer:i'

/** What matters of each role, as it is in life. */
const TRIED: readonly { readonly role: Role; readonly may: readonly string[]; readonly mayNot: readonly string[] }[] = [
  {
    role: 'service',
    may: [
      `SET ${STATUS} {} PX 1000`,
      'ZADD {health}:services 1 mailer',
      'ZADD {health}:open:mailer 1 id',
      'HSET {health}:alert:id rev 1',
      'HSET {health}:alert:id:instances i {}',
      'XADD {health}:alerts * d {}',
      'XADD {health}:history:mailer * d {}',
      'HGETALL {health}:meta',
      'PUBLISH health:system:alerts {}',
      'PUBLISH health:service:mailer:status {}',
      'SET {health}:doctor:1:open x',
      'XRANGE {health}:requests:mailer - +',
      'HGETALL {health}:desired:mailer',
      'XADD {health}:answers:mailer * d {}',
      'HSET {health}:taken:mailer:id i p',
      'XADD {health}:outcomes * d {}',
    ],
    mayNot: [
      'GET other',
      'SET other x',
      'DEL tracker:queue',
      'SET {health}x x',
      'XADD {health}:audit * d {}',
      'XADD {health}:requests:mailer * d {}',
      'DEL {health}:requests:mailer',
      'HSET {health}:desired:mailer * {}',
      'HDEL {health}:desired:mailer *',
      'HSET {health}:relay:webhook cursor 1-1',
      'PUBLISH other x',
      'SUBSCRIBE other',
      'PSUBSCRIBE *',
      'FLUSHALL',
      'FLUSHDB',
      'KEYS *',
      'SCAN 0',
      'RANDOMKEY',
      'CONFIG GET *',
      'ACL LIST',
      'SCRIPT FLUSH',
      'FUNCTION LIST',
      'CLIENT LIST',
      'MONITOR',
      'SHUTDOWN NOSAVE',
      'REPLICAOF NO ONE',
      `RENAME ${STATUS} {health}:x`,
      `MIGRATE localhost 1 ${STATUS} 0 1`,
    ],
  },
  {
    role: 'viewer',
    may: [
      `STRLEN ${STATUS}`,
      'HMGET {health}:meta epoch seq',
      'ZRANGE {health}:open 0 -1',
      'XRANGE {health}:alerts - +',
      'HGETALL {health}:silences',
      'SUBSCRIBE health:system:alerts',
      'PSUBSCRIBE health:service:*:status',
      'PSUBSCRIBE health:*',
      'XRANGE {health}:requests:mailer - +',
      'XRANGE {health}:answers:mailer - +',
    ],
    mayNot: [
      'GET other',
      'HMGET other a',
      `SET ${STATUS} {}`,
      `DEL ${STATUS}`,
      'HSET {health}:meta seq 0',
      'ZADD {health}:open 1 id',
      'XADD {health}:requests:mailer * d {}',
      'XADD {health}:answers:mailer * d {}',
      'HSET {health}:desired:mailer * {}',
      'XADD {health}:alerts * d {}',
      'XTRIM {health}:alerts MAXLEN 0',
      'PEXPIRE {health}:alerts 1',
      'PUBLISH health:system:alerts {}',
      'EVAL return 0',
      'SUBSCRIBE other',
      'PSUBSCRIBE *',
      'FLUSHALL',
      'KEYS *',
    ],
  },
  {
    role: 'operator',
    may: [
      'HSET {health}:silences id {}',
      'HDEL {health}:silences id',
      'XADD {health}:audit * d {}',
      'XADD {health}:requests:mailer * d {}',
      'HSET {health}:desired:mailer * {}',
      'XRANGE {health}:answers:mailer - +',
      'HSET {health}:alert:id2 rev 1',
      'ZREM {health}:open id',
      'SREM {health}:open:mailer2 id',
      'ZREM {health}:services mailer2',
      'DEL {health}:instances:mailer2',
      'XADD {health}:alerts * d {}',
      'PUBLISH health:system:alerts {}',
      `STRLEN ${STATUS}`,
      'XRANGE {health}:history:mailer - +',
      'SUBSCRIBE health:service:mailer:status',
    ],
    mayNot: [
      `DEL ${STATUS}`,
      `HSET ${STATUS} a b`,
      'HSET {health}:watcher a b',
      'DEL {health}:counted:mailer',
      'XADD {health}:history:mailer * d {}',
      'XTRIM {health}:history:mailer MAXLEN 0',
      'XADD {health}:answers:mailer * d {}',
      'HSET {health}:taken:mailer:id i p',
      'XADD {health}:outcomes * d {}',
      'HSET {health}:relay:webhook cursor 1-1',
      'PUBLISH health:service:mailer:status {}',
      'PUBLISH health:service:mailer:metrics {}',
      'PUBLISH other x',
      'HMGET other a',
      'HSET other a b',
      'FLUSHALL',
      'KEYS *',
      'ACL LIST',
    ],
  },
  {
    role: 'relay',
    may: [
      'SET {health}:relay:webhook:claim me PX 1000',
      'HSET {health}:relay:webhook cursor 1-1',
      'HDEL {health}:relay:webhook:told id',
      'XREAD COUNT 1 STREAMS {health}:alerts 0',
      'HMGET {health}:meta epoch seq',
      'HMGET {health}:alert:id rev doc',
    ],
    mayNot: [
      'HSET {health}:meta seq 0',
      'DEL {health}:alerts',
      'SET {health}:status:mailer:i x',
      'HSET {health}:silences id {}',
      'XADD {health}:alerts * d {}',
      'PUBLISH health:system:alerts {}',
      'GET other',
      'FLUSHALL',
    ],
  },
]

/** Whatever else is wrong with it, the role is not what forbids it. */
async function isRefused(client: Redis, command: string): Promise<boolean> {
  const [name = '', ...args] = command.split(' ')
  try {
    await client.call(name, ...args)
    return false
  } catch (error) {
    return /NOPERM/.test((error as Error).message)
  }
}

describe.for(TRIED)('$role', ({ role, may, mayNot }) => {
  test.for(may)('may %s', async (command) => {
    expect(await isRefused(as(role), command)).toBe(false)
  })
  test.for(mayNot)('may not %s', async (command) => {
    expect(await isRefused(as(role), command)).toBe(true)
  })
})

describe('what a script may not do is what the role may not do', () => {
  test.for<{ role: Role; lua: string; key: string }>([
    { role: 'service', lua: "return redis.call('SET', KEYS[1], 'x')", key: 'other' },
    { role: 'service', lua: "return redis.call('FLUSHALL')", key: STATUS },
    { role: 'service', lua: "return redis.call('PUBLISH', 'other', 'x')", key: STATUS },
    { role: 'service', lua: "return redis.call('XADD', KEYS[1], '*', 'd', '{}')", key: '{health}:requests:mailer' },
    { role: 'operator', lua: "return redis.call('XADD', KEYS[1], '*', 'd', '{}')", key: '{health}:answers:mailer' },
    { role: 'operator', lua: "return redis.call('DEL', KEYS[1])", key: STATUS },
    { role: 'operator', lua: "return redis.call('PUBLISH', 'health:service:mailer:status', 'x')", key: '{health}:open' },
    { role: 'relay', lua: "return redis.call('HSET', KEYS[1], 'seq', '0')", key: '{health}:meta' },
  ])('$role: $lua of $key', async ({ role, lua, key }) => {
    await expect(as(role).eval(lua, 1, key)).rejects.toThrow(/NOPERM|The user executing the script can't/)
  })
})

interface Command {
  readonly name: string
  readonly args: string[]
}

/** Arguments that a command takes as far as their number goes. */
function withArguments(name: string, arity: number): Command {
  const words = name.split('|')
  return { name, args: [...words, ...Array.from({ length: Math.max(0, Math.abs(arity) - words.length) }, () => '{health}:x')] }
}

type Info = readonly [name: string, arity: number, flags: readonly string[], ...unknown[]]

/** Every command and subcommand of the server. */
async function allCommands(): Promise<Command[]> {
  const infos = (await admin.call('COMMAND')) as readonly (Info & readonly unknown[])[]
  return infos.flatMap(([name, arity, flags, ...rest]) => {
    // Who is not logged in may send them.
    if (flags.includes('no_auth')) return []
    const subcommands = (rest[6] ?? []) as readonly Info[]
    return subcommands.length === 0
      ? [withArguments(name, arity)]
      : subcommands.map(([subcommand, itsArity]) => withArguments(subcommand, itsArity))
  })
}

test.for(ROLES)('%s: of all commands of the server those of the file are allowed, and no other', async (role) => {
  const listed = new Set(Array.from(aclLine(role, false).matchAll(/[ (]\+(\S+?)\)?(?=\s)/g), ([, name]) => name))
  const commands = await allCommands()
  expect(commands.length).toBeGreaterThan(300)
  const allowed = await Promise.all(
    commands.map(async ({ name, args }) => {
      const said = String(await admin.call('ACL', 'DRYRUN', `health-${role}`, ...args).catch((error: unknown) => error))
      return /no permissions to run/.test(said) ? [] : [name]
    }),
  )
  expect(new Set(allowed.flat())).toEqual(listed)
})

/** What the server has refused to anybody since the last time. */
async function refusals(server: Redis): Promise<string[]> {
  const log = (await server.call('ACL', 'LOG')) as string[][]
  await server.call('ACL', 'LOG', 'RESET')
  return log.map((entry) => ['username', 'context', 'reason', 'object'].map((field) => entry[entry.indexOf(field) + 1]).join(' '))
}

const PROGRAM = `
import { WorkerHealthMonitor } from '${INDEX}'
const monitor = new WorkerHealthMonitor({ rules: { low_success_rate: { for: 0, plain: true, keepFiring: 0 } } })
await monitor.start()
setInterval(() => monitor.recordAttempt({ success: false, errorType: 'timeout' }), 2)
process.on('SIGTERM', () => monitor.stop().then(() => process.exit()))
`

function service(name: string, script: string, program: string, env: NodeJS.ProcessEnv, node: readonly string[] = []): ServiceProcess {
  writeFileSync(join(folder, script), program)
  const started = new ServiceProcess({
    service: name,
    script,
    folder,
    node,
    env: { ...env, HEALTH_SERVICE_NAME: name, HEALTH_PUBLISHING_INTERVAL: '0.5', HEALTH_METRICS_INTERVAL: '0.5' },
  })
  started.ledger.catch(() => {})
  onTestFinished(async () => void (await started.stop()))
  return started
}

/** It ends by itself, after `ms`, or when it has said what is waited for. */
async function cli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ms = 0,
  until?: RegExp,
): Promise<{ code: number | null; out: string; talk: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], OTEL_METRICS_EXPORTER: 'none', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(ms > 0 && { timeout: ms }),
  })
  const said = { out: '', talk: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.talk += text))
  const look = (): void => {
    if (!until?.test(said.out + said.talk)) return
    child.stdout.off('data', look)
    child.stderr.off('data', look)
    child.kill('SIGTERM')
  }
  child.stdout.on('data', look)
  child.stderr.on('data', look)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

function redisUrl(role: Role, port: number): NodeJS.ProcessEnv {
  return { HEALTH_REDIS_URL: `redis://health-${role}:${passwordOf(role)}@127.0.0.1:${port}` }
}

/** One node is a cluster too; nobody tells it its address. */
const CLUSTER = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']

const SERVERS: readonly {
  readonly where: string
  readonly args: readonly string[]
  readonly sharded: boolean
  readonly env: NodeJS.ProcessEnv
}[] = [
  { where: 'one server', args: [], sharded: false, env: {} },
  { where: 'a cluster', args: CLUSTER, sharded: false, env: { HEALTH_REDIS_CLUSTER_MODE: 'true' } },
  {
    where: 'a cluster with shards',
    args: CLUSTER,
    sharded: true,
    env: { HEALTH_REDIS_CLUSTER_MODE: 'true', HEALTH_REDIS_SHARDS: '4' },
  },
]

test.for(SERVERS)('a service that fires and the command line are refused nothing: $where', async ({ args, sharded, env }) => {
  const data = mkdtempSync(join(tmpdir(), 'otel-health-acl-'))
  const server = await start(folder, sharded, [...args, '--dir', data])
  onTestFinished(async () => {
    server.admin.disconnect()
    await server.redis.stop()
    rmSync(data, { recursive: true })
  })
  if (args.length > 0) {
    await server.admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await expect.poll(async () => String(await server.admin.call('CLUSTER', 'INFO')), { timeout: 20_000 }).toContain('cluster_state:ok')
  }
  await refusals(server.admin)
  const asService = { ...redisUrl('service', server.redis.port), ...env }
  const asViewer = { ...redisUrl('viewer', server.redis.port), ...env }

  writeFileSync(join(folder, 'health.config.json'), '{ "control": { "allow": ["stop"] } }')
  onTestFinished(() => rmSync(join(folder, 'health.config.json')))
  const firing = service('mailer', 'firing.mjs', PROGRAM, asService)
  service('watched', 'watched.mjs', 'setInterval(() => {}, 1000)\n', asService, ['--import', REGISTER])
  await expect.poll(async () => (await cli(['status', '--json'], asViewer)).out, { timeout: 60_000, interval: 500 }).toContain('"firing"')
  expect((await cli(['status'], asViewer)).talk).toBe('')
  expect((await cli(['check', 'watched'], asViewer)).code).toBe(0)
  expect((await cli(['tail'], asViewer, 5000)).out).toContain('"service":"mailer"')
  expect((await cli(['watch'], asViewer, 5000)).out).toContain('mailer')
  expect(firing.output).not.toContain('otel-health: ')
  expect(await refusals(server.admin)).toEqual([])

  await cli(['doctor'], { ...asService, HEALTH_SERVICE_NAME: 'mailer' })
  expect(await refusals(server.admin)).toEqual([])

  const asOperator = { ...redisUrl('operator', server.redis.port), ...env, USER: 'ann' }
  const stopped = await cli(['ctl', 'stop', 'watched', '-m', 'trying'], asOperator)
  expect(stopped).toMatchObject({ code: 0, out: expect.stringContaining('The stop of watched is done: 1 of 1 stopped.') as string })
  expect(await refusals(server.admin)).toEqual([])
})

async function nextMillisecond(): Promise<void> {
  const now = Date.now()
  while (Date.now() === now) await setImmediate()
}

test.for([{ sharded: false }, { sharded: true }])(
  'people with the rights of an operator are refused nothing that they do; shards: $sharded',
  async ({ sharded }) => {
    const other = await start(mkdtempSync(join(folder, 'operator-')), sharded)
    const people = as('operator', other.redis.port)
    const [shards, names] = sharded ? [4, shardOf('mailer', 4)] : [1, shardNames()]
    const target = { host: '127.0.0.1', port: other.redis.port, username: 'health-service', password: passwordOf('service') }
    const { client } = await createPublisher(target, 5000)
    await client.connect()
    const control = new HealthControl({ client: people, shards })
    const said = { by: 'ada', why: 'trying' }
    await sayAlert(client, names)
    await control.ack('a1', said)
    await control.unack('a1', said)
    // Of two shards only time tells what came first, in milliseconds.
    await nextMillisecond()
    await control.note('a1', said)
    const { id } = await control.silence('*', { ...said, forMs: 60_000 })
    await control.extend(id, { ...said, forMs: 120_000 })
    await control.maintenance('service=x', { ...said, every: 'daily 03:00', forSeconds: 60, zone: 'UTC' })
    await control.unsilence(id, said)
    await nextMillisecond()
    await control.silenceUntilResolved('a1', said)
    await control.resolve('a1', said)
    expect(await control.alerts()).toEqual([])
    await nextMillisecond()
    await isAlive(other.admin, names, { instance: 'i1', control: ['stop'] })
    const { request } = await control.request('stop', { service: 'mailer' }, said)
    await nextMillisecond()
    const { entries } = await readRequests(client, names, 'mailer', '0-0')
    expect(entries).toMatchObject([{ request }])
    expect(await readDesired(client, names, 'mailer', request.at)).toMatchObject([{ state: 'stopped' }])
    for (const state of ['accepted', 'done'] as const) expect(await says(client, names, request, 'i1', state)).toBe('ours')
    await client.healthDown(names.down('mailer'), 'i1', '0')
    expect(await control.requests('mailer')).toMatchObject([{ request, state: 'done' }])
    await nextMillisecond()
    await other.admin.del(names.status('mailer', 'i1'))
    await client.zadd(names.instances('mailer'), '1', 'i1')
    await control.forget('mailer', said)
    expect(await control.desired('mailer')).toEqual([])
    expect((await control.audit()).map(({ action, outcome }) => [action, ...(outcome ? [outcome] : [])].join(' ')).toReversed()).toEqual([
      ...['ack', 'unack', 'note', 'silence', 'extend', 'maintenance', 'unsilence', 'silence', 'resolve', 'stop', 'stop done', 'forget'],
    ])
    expect(await refusals(other.admin)).toEqual([])
    client.disconnect()
    other.admin.disconnect()
    await other.redis.stop()
  },
)

const COMMANDS_OF: Readonly<Record<Role, readonly CommandName[]>> = {
  viewer: ['status', 'watch', 'tail', 'check', 'alerts', 'silence', 'maintenance', 'replay', 'panel', 'ctl'],
  operator: [
    'ack',
    'unack',
    'note',
    'silence',
    'extend',
    'unsilence',
    'maintenance',
    'resolve',
    'forget',
    'tail',
    'alerts',
    'panel',
    'ctl',
  ],
  relay: ['relay'],
  service: ['status', 'watch', 'tail', 'check', 'alerts', 'silence', 'maintenance', 'replay', 'doctor', 'forget'],
}
/** Those that never ask the health Redis. */
const WITHOUT_REDIS: readonly CommandName[] = ['init', 'simulate', 'dashboards', 'rules', 'help', 'run']

/** In an order in which each has something to do; with what `status` and its like say while something is wrong. */
const LINES: Readonly<
  Record<string, { readonly args: readonly string[]; readonly code?: number; readonly follows?: true; readonly out?: RegExp }>
> = {
  status: { args: ['status', 'mailer'], code: 1, out: /low_success_rate/ },
  watch: { args: ['watch'], follows: true, out: /mailer/ },
  tail: { args: ['tail'], follows: true, out: /"service":"mailer"/ },
  check: { args: ['check', 'mailer'], code: 2 },
  alerts: { args: ['alerts'], out: /low_success_rate/ },
  silence: { args: ['silence'], out: /Nothing is silenced|WHY/ },
  maintenance: { args: ['maintenance'], out: /Nothing is silenced|WHY/ },
  replay: { args: ['replay', 'mailer'] },
  ctl: { args: ['ctl', 'mailer'], out: /Nothing was asked of mailer\./ },
  doctor: { args: ['doctor'], out: /^ok +redis-channel/m },
  panel: { args: ['panel', '--port', '0'], follows: true, out: /http:\/\// },
  relay: { args: ['relay', '--config', 'relay.json'], follows: true, out: /passes on to hook/ },
}

test('what docs/security.md says to do is done to a server, and every command that asks it runs with its role', async () => {
  const other = await startRedis({ args: ['--requirepass', ADMIN], client: { password: ADMIN } })
  const people = new Redis({ port: other.port, password: ADMIN })
  onTestFinished(async () => {
    people.disconnect()
    await other.stop()
  })
  // Line by line as `redis-cli ACL SETUSER $(sed 's/^user //' …) ">$PASSWORD"` has it.
  for (const role of ROLES) {
    const rules = readFileSync(join(ACL_FOLDER, `${role}.acl`), 'utf8')
      .replace(/^user /, '')
      .trim()
      .split(' ')
    await people.call('ACL', 'SETUSER', ...rules, `>${passwordOf(role)}`)
  }
  writeFileSync(join(folder, 'relay.json'), '{ "targets": [{ "name": "hook", "type": "webhook", "url": "http://127.0.0.1:1/" }] }')
  await refusals(people)
  const of = (role: Role): NodeJS.ProcessEnv => ({ ...redisUrl(role, other.port), USER: 'ada', HEALTH_SERVICE_NAME: 'mailer' })
  writeFileSync(join(folder, 'dying.mjs'), PROGRAM)
  const dying = spawn(process.execPath, ['dying.mjs'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], OTEL_METRICS_EXPORTER: 'none', ...of('service'), HEALTH_PUBLISHING_INTERVAL: '0.5' },
    stdio: 'ignore',
  })
  onTestFinished(() => void dying.kill('SIGKILL'))
  await expect
    .poll(async () => (await cli(['status', '--json'], of('viewer'))).out, { timeout: 60_000, interval: 500 })
    .toContain('"firing"')

  const told = new Set([...Object.values(COMMANDS_OF).flat(), ...WITHOUT_REDIS])
  expect(new Set(COMMANDS.map(({ name }) => name))).toEqual(told)
  const { alerts } = JSON.parse((await cli(['alerts', '--json'], of('viewer'))).out) as { alerts: { alert_id: string }[] }
  const id = alerts[0]!.alert_id
  const said = ['-m', 'trying']
  const wrong: unknown[] = []
  const tried = async (
    role: Role,
    args: readonly string[],
    { code = 0, follows = false, out = /./ }: { code?: number; follows?: boolean; out?: RegExp },
  ) => {
    const ended = await cli(args, of(role), 0, follows ? out : undefined)
    // Of a service that is so young there is no history, which is said and is no refusal.
    const isRight =
      args[0] === 'replay'
        ? /no history|by the rules/.test(ended.out + ended.talk)
        : ended.code === code && out.test(ended.out + ended.talk)
    if (!isRight) wrong.push({ role, args, ...ended })
    return ended
  }
  const each = ROLES.map(async (role) => {
    for (const name of COMMANDS_OF[role]) if (LINES[name]) await tried(role, LINES[name].args, LINES[name])
  })
  await Promise.all(each)
  await tried('service', ['watch', '--alert'], { follows: true, out: /services that fall silent are noticed/ })
  await tried('operator', ['ack', id, ...said], {})
  await tried('operator', ['unack', id, ...said], {})
  const silenced = await tried('operator', ['silence', 'service=x', '--for', '1h', ...said, '--json'], {})
  await tried('operator', ['note', id, ...said], {})
  await tried('operator', ['extend', (JSON.parse(silenced.out) as { silence: string }).silence, '--for', '2h', ...said], {})
  await tried('operator', ['silence', id, '--until-resolved', ...said], {})
  await tried('operator', ['maintenance', 'service=x', '--every', 'daily 03:00', '--for', '1h', ...said], {})
  await tried('operator', ['unsilence', (JSON.parse(silenced.out) as { silence: string }).silence, ...said], {})
  await tried('operator', ['resolve', id, ...said], {})
  await tried('operator', ['ctl', 'stop', 'mailer', ...said], { code: 1, out: /mailer allows no control/ })
  expect(wrong).toEqual([])
  dying.kill('SIGKILL')
  // As long as its last word counts it is alive.
  await expect
    .poll(async () => (await cli(['forget', 'mailer'], of('service'))).out, { timeout: 20_000, interval: 500 })
    .toBe('mailer is forgotten.\n')
  await people.zadd('{health}:instances:postman', '1', 'i1')
  await tried('operator', ['forget', 'postman', ...said], {})
  expect(wrong).toEqual([])
  expect(await refusals(people)).toEqual([])
})

test('what a role has no right to is one sentence that says which role has it', async () => {
  const { code, out, talk } = await cli(
    ['silence', 'service=x', '--for', '1h', '-m', 'trying', '--by', 'ada'],
    redisUrl('viewer', redis.port),
  )
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(talk).toMatch(
    /^The health Redis at 127\.0\.0\.1:\d+: the server does not allow this user what otel-health does \(the '\w+' command\)\. Give the user the rights of .*operator\.acl.*\.\n$/,
  )
  await refusals(admin)
})
