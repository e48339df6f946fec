import { readFileSync } from 'node:fs'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { shardNames } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { sayAlert, type ToldMessage } from '../support/said-alert.ts'

const names = shardNames()

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
beforeEach(async () => {
  await redis.flushall()
  await sayAlert(client, names, { severity: 'CRITICAL' })
  await sayAlert(client, names, { id: 'b2', rule: 'dependency_down', labels: { check: 'redis' } })
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

async function run(...args: readonly string[]): Promise<{ code: number; out: string; talk: string }> {
  const lines = { out: '', talk: '' }
  const code = await runCommand(args, {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), USER: 'ada' },
    out: (line) => (lines.out += `${line}\n`),
    talk: (line) => (lines.talk += `${line}\n`),
    redraw: undefined,
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

async function told(): Promise<string[]> {
  const entries = await redis.xrange(names.alerts, '-', '+')
  return entries.slice(2).map(([, fields]) => {
    const { type, alert_id: id, actor } = JSON.parse(fields[1]!) as ToldMessage
    return `${id} ${type} ${actor}`
  })
}

test('alerts lists what is open, the worst first, with what lies over it', async () => {
  await run('ack', 'b', '-m', 'on it', '--by', 'grace')
  const { code, out } = await run('alerts')
  expect(code).toBe(0)
  expect(out.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d/g, '<time>').replaceAll(/ +/g, ' ')).toBe(
    'ID SEVERITY STATE ALERT SERVICE SAYS\n' +
      'a1 CRITICAL firing for 0 s low_success_rate mailer low_success_rate is bad\n' +
      'b2 WARNING firing for 0 s dependency_down check=redis mailer dependency_down is bad; acknowledged by grace until <time>Z: on it\n',
  )
  const { alerts } = JSON.parse((await run('alerts', '--json')).out) as { alerts: { alert_id: string; overlays: object }[] }
  expect(alerts).toMatchObject([
    { alert_id: 'a1', overlays: {} },
    { alert_id: 'b2', overlays: { ack: { by: 'grace', why: 'on it' } } },
  ])
})

test('alerts of none', async () => {
  await redis.flushall()
  expect(await run('alerts')).toEqual({ code: 0, out: 'No alert is open.\n', talk: '' })
})

const JSON_OF_ACK = { action: 'ack', by: 'ada', why: 'w', id: 'a1', service: 'mailer', rule: 'low_success_rate', state: 'firing' }
test('each command does it, says so, and says it as data', async () => {
  expect(await run('ack', 'a1', '-m', 'w', '--for', '30m')).toMatchObject({
    code: 0,
    out: 'low_success_rate of mailer (a1) is acknowledged.\n',
  })
  expect(JSON.parse((await run('ack', 'a1', '-m', 'w', '--json')).out)).toEqual(JSON_OF_ACK)
  expect(await run('unack', 'a1', '-m', 'w')).toMatchObject({ out: 'low_success_rate of mailer (a1) is no longer acknowledged.\n' })
  expect(await run('resolve', 'a1', '-m', 'w')).toMatchObject({
    out: 'low_success_rate of mailer (a1) is resolved; if it is found again after 15 min, it is open again.\n',
  })
  expect(await told()).toEqual(['a1 acked ada', 'a1 acked ada', 'a1 unacked ada', 'a1 resolved ada'])

  const made = JSON.parse((await run('silence', 'check=redis', '--for', '1h', '-m', 'deploy', '--json')).out) as Record<string, unknown>
  expect(made).toMatchObject({ matcher: 'check=redis', matching: 1 })
  expect((await run('silence')).out.split('\n')[1]).toMatch(/^\w{8} {2}silent {2}check=redis {2}.* ada {2}deploy$/)
  const every = ['--every', 'Sun 02:00', '--for', '2h', '--zone', 'Europe/Berlin', '-m', 'backup']
  expect((await run('maintenance', 'service=mailer', ...every)).out).toMatch(
    /^Silence \w{8}: service=mailer, from .* until .*; 1 open alert matches now\.\n$/,
  )
  const { silences } = JSON.parse((await run('maintenance', '--json')).out) as { silences: { id: string; repeat?: object }[] }
  expect(silences).toMatchObject([{ matcher: 'check=redis' }, { repeat: { every: 'Sun 02:00', zone: 'Europe/Berlin' } }])
  expect((await run('extend', silences[0]!.id, '--for', '2h', '-m', 'longer')).out).toMatch(
    /^The silence \w{8} \(check=redis\) lasts until \S+Z\.\n$/,
  )
  for (const { id } of silences) expect(await run('unsilence', id, '-m', 'done')).toMatchObject({ code: 0 })
  expect((await run('silence')).out).toBe('Nothing is silenced.\n')
  expect(await redis.xlen(names.audit)).toBe(9)
})

test('a note about an alert that is open, and about one that is over', async () => {
  expect(await run('note', 'a', '-m', 'the proxy again')).toMatchObject({
    code: 0,
    out: 'low_success_rate of mailer (a1) is as it was; the note is recorded.\n',
  })
  await sayAlert(client, names, { state: 'resolved' })
  expect(JSON.parse((await run('note', 'a1', '-m', 'w', '--json')).out)).toMatchObject({ action: 'note', id: 'a1', state: 'resolved' })
  expect(await redis.xlen(names.audit)).toBe(2)
})

test('a silence that ends with its alert', async () => {
  expect((await run('silence', 'b', '--until-resolved', '-m', 'known')).out).toMatch(
    /^Silence \w{8}: alert=b2,episode=1, from \S+Z until its alert is over, or \S+Z; 1 open alert matches now\.\n$/,
  )
  expect((await run('silence')).out.split('\n')[1]).toMatch(/ {2}silent {2}alert=b2,episode=1 {2}.*Z, ends with its alert {2}ada {2}known$/)
  await sayAlert(client, names, { id: 'b2', rule: 'dependency_down', labels: { check: 'redis' }, state: 'resolved' })
  expect((await run('silence')).out).toBe('Nothing is silenced.\n')
})

test('who has a service forgotten is recorded where a reason is given', async () => {
  await redis.zadd(names.services, '1', 'mailer')
  expect(await run('forget', 'mailer', '-m', 'replaced by postman')).toEqual({ code: 0, out: 'mailer is forgotten.\n', talk: '' })
  const [[, fields] = [undefined, []]] = await redis.xrange(names.audit, '-', '+')
  expect(fields).toEqual(expect.arrayContaining(['ada', 'forget', 'replaced by postman', 'mailer']))
  expect(await run('forget', 'postman', '-m', 'w')).toEqual({ code: 1, out: '', talk: 'No service named postman has been heard of.\n' })
  expect(await redis.xlen(names.audit)).toBe(1)
})

const ACK = 'otel-health ack <id> -m <why> [--for 4h] [--by <name>]'
test.for([
  { args: ['ack', 'a1'], code: 2, says: `Why? Usage: ${ACK}` },
  { args: ['ack', '-m', 'w'], code: 2, says: `Which alert? otel-health alerts lists them. Usage: ${ACK}` },
  { args: ['ack', 'a1', '-m', 'w', '--by', ' '], code: 2, says: `Who does it? Say --by <name>, or set USER. Usage: ${ACK}` },
  {
    args: ['ack', 'a1', '-m', 'w', '--for', 'soon'],
    code: 2,
    says: '--for is "soon", expected a time from a second to a year, such as 30m, 2h or 1d.',
  },
  { args: ['unack', 'a1', '-m', 'w'], code: 1, says: 'The alert a1 is not acknowledged: there is nothing to take back.' },
  {
    args: ['unack', 'a1', '-m', 'w', '--for', '1h'],
    code: 2,
    says: '--for is of ack, silence, extend, maintenance, ctl alone: see otel-health --help.',
  },
  { args: ['resolve', 'c', '-m', 'w'], code: 1, says: 'There is no open alert whose id is "c" or begins so.' },
  { args: ['unsilence', 'c', '-m', 'w'], code: 1, says: 'There is no silence whose id is "c" or begins so.' },
  {
    args: ['silence', 'severity=x', '--for', '1h', '-m', 'w'],
    code: 2,
    says: 'The matcher "severity=x" has the severity "x", expected WARNING or CRITICAL.',
  },
  {
    args: ['silence', '*', '-m', 'w'],
    code: 2,
    says: 'For how long? Usage: otel-health silence <matcher> --for 1h -m <why> [--from <time>] [--by <name>]',
  },
  {
    args: ['silence', 'a1', '--until-resolved', '--for', '1h', '-m', 'w'],
    code: 2,
    says: 'It begins now and ends with the alert: without --for and --from. Usage: otel-health silence <id of an alert> --until-resolved -m <why> [--by <name>]',
  },
  {
    args: ['extend', 'c', '-m', 'w'],
    code: 2,
    says: 'For how long from now? Usage: otel-health extend <id> --for 2h -m <why> [--by <name>]',
  },
  { args: ['extend', 'c', '--for', '1h', '-m', 'w'], code: 1, says: 'There is no silence whose id is "c" or begins so.' },
  { args: ['note', 'a1'], code: 2, says: 'Why? Usage: otel-health note <id> -m <what> [--by <name>]' },
  {
    args: ['silence', '*', '--for', '1h', '-m', 'w', '--from', 'now'],
    code: 2,
    says: '--from is "now", expected a time such as 2026-12-01T22:00:00Z.',
  },
  {
    args: ['silence', '*', '--for', '1h', '-m', 'w', '--from', '2020-01-01'],
    ...{ code: 2, says: 'The silence is over before it begins: give it a later end.' },
  },
  {
    args: ['maintenance', '*', '--every', 'sometimes', '--for', '1h', '-m', 'w'],
    code: 2,
    says: 'The maintenance window is every "sometimes", expected days and a time such as "Sun 02:00", "Mon-Fri 22:30" or "daily 03:00".',
  },
  {
    args: ['status', '--by', 'ada'],
    code: 2,
    says: '--by is of ack, unack, resolve, note, silence, extend, unsilence, maintenance, ctl, forget alone: see otel-health --help.',
  },
  { args: ['alerts', 'a1'], code: 2, says: '"a1" is one argument too many: see otel-health --help.' },
])('$args', async ({ args, code, says }) => {
  expect(await run(...args)).toEqual({ code, out: '', talk: `${says}\n` })
  expect(await told()).toEqual([])
  expect(await redis.exists(names.audit)).toBe(0)
})

test('without a connection it is said why not', async () => {
  const code = await runCommand(['ack', 'a1', '-m', 'w'], {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: '1', USER: 'ada' },
    ...{ out() {}, talk() {}, redraw: undefined, signal: new AbortController().signal },
  })
  expect(code).toBe(3)
})

test('the commands in docs/overlays.md are commands', async () => {
  const [, block = ''] = /```sh\n([^]*?)```/.exec(readFileSync(new URL('../../docs/overlays.md', import.meta.url), 'utf8')) ?? []
  const commands = block.trim().split('\n')
  expect(commands).toHaveLength(11)
  for (const command of commands) {
    const [, ...args] = Array.from(command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g), ([, one, two, plain]) => one ?? two ?? plain!)
    const [silence = ''] = await redis.hkeys(names.silences)
    const real = args.map((arg) => (arg === '8fc1' ? 'a1' : arg === '4b1f' ? silence : arg))
    expect(await run(...real)).toMatchObject({ code: 0, talk: '' })
  }
})
