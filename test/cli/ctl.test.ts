import { connect, createServer, type AddressInfo } from 'node:net'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { CONTROL_ACTIONS, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { readRequests } from '../../src/wire/read-requests.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { isAlive, says } from '../support/asked-service.ts'

const names = shardNames()
const WAIT = { timeout: 20_000 }

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
  for (const instance of ['i1', 'i2', 'i3']) await isAlive(redis, names, { instance, control: CONTROL_ACTIONS })
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

interface Running {
  out: string
  talk: string
  readonly code: Promise<number>
  /** As Ctrl-C does. */
  end(): void
}

function begin(args: readonly string[], port: number = valkey.port): Running {
  const ending = new AbortController()
  const running = { out: '', talk: '', end: () => ending.abort() }
  const code = runCommand(['ctl', ...args], {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(port), USER: 'ann' },
    out: (line) => (running.out += `${line}\n`),
    talk: (line) => (running.talk += `${line}\n`),
    redraw: undefined,
    signal: ending.signal,
  })
  return Object.assign(running, { code })
}

async function run(...args: readonly string[]): Promise<{ code: number; out: string; talk: string }> {
  const running = begin(args)
  const code = await running.code
  return { code, out: running.out, talk: running.talk }
}

/** The last that was asked of mailer. */
async function asked(of: Redis = redis): Promise<ControlRequest> {
  await expect.poll(() => of.xlen(names.requests('mailer')), WAIT).toBeGreaterThan(0)
  return (await readRequests(of, names, 'mailer', '0-0')).entries.at(-1)!.request!
}

test('waits until all have done it, and says meanwhile how far they are', async () => {
  const running = begin(['drain', 'mailer', '-m', 'a larger disk'])
  const request = await asked()
  expect(request).toMatchObject({ action: 'drain', service: 'mailer', instance: null, actor: 'ann', why: 'a larger disk' })
  await expect.poll(() => running.talk, WAIT).toContain('0 of 3 drained, 3 have not answered yet\n')
  for (const instance of ['i1', 'i2', 'i3']) await says(client, names, request, instance, 'accepted', { inHand: 2, oldestSeconds: 12 })
  await expect.poll(() => running.talk, WAIT).toContain('0 of 3 drained, 6 pieces of work in hand, the oldest 12 s\n')
  for (const instance of ['i1', 'i2']) await says(client, names, request, instance, 'done')
  await expect.poll(() => running.talk, WAIT).toContain('2 of 3 drained, 2 pieces of work in hand, the oldest 12 s\n')
  expect(running.out).toBe('')
  await says(client, names, request, 'i3', 'done', { reason: 'It has ended.' })
  expect(await running.code).toBe(0)
  expect(
    running.out
      .split('\n')
      .map((line) => line.trim().replaceAll(/ +/g, ' '))
      .toSorted(),
  ).toEqual([...['', 'The drain of mailer is done: 3 of 3 drained.', 'i1 done', 'i2 done', 'i3 done It has ended.']])
})

test('one instance, as data', async () => {
  const running = begin(['pause', 'mailer/i2', '-m', 'w', '--for', '30m', '--expires', '20s', '--by', 'bea', '--json'])
  const request = await asked()
  expect(request).toMatchObject({ instance: 'i2', actor: 'bea', expires: request.at + 20_000, until: request.at + 1_800_000 })
  await says(client, names, request, 'i2', 'accepted')
  await says(client, names, request, 'i2', 'done', { reason: 'It is paused.' })
  expect(await running.code).toBe(0)
  const time = (ms: number) => new Date(ms).toISOString()
  expect(JSON.parse(running.out)).toEqual({
    ...{ request: request.id, action: 'pause', service: 'mailer', instance: 'i2', by: 'bea', from: request.from, why: 'w', state: 'done' },
    ...{ at: time(request.at), expires: time(request.expires), until: time(request.until!) },
    instances: [{ instance: 'i2', state: 'done', reason: 'It is paused.', in_hand: null, oldest_seconds: null }],
  })
})

test.for([
  { what: 'one refuses', states: ['done', 'done', 'refused'], says: /^The stop of mailer was refused: 2 of 3 stopped, 1 refused\./ },
  {
    what: 'one fails',
    states: ['done', 'failed', 'refused'],
    says: /^The stop of mailer has failed: 1 of 3 stopped, 1 failed, 1 refused\./,
  },
] as const)('$what: exit 1, and it is said what is still desired', async ({ states, says: said }) => {
  const running = begin(['stop', 'mailer', '-m', 'w'])
  const request = await asked()
  for (const [i, state] of states.entries()) await says(client, names, request, `i${i + 1}`, state)
  expect(await running.code).toBe(1)
  expect(running.out).toMatch(said)
  expect(running.talk).toContain('mailer is still to be stopped: otel-health ctl resume mailer -m <why> takes that back.\n')
})

test('nobody begins in time: exit 1, and nobody ever does', async () => {
  const { code, out } = await run('restart', 'mailer/i1', '-m', 'w', '--expires', '1s')
  expect(code).toBe(1)
  expect(out).toMatch(
    /^The restart of mailer\/i1 has expired: 0 of 1 restarted, 1 expired\.\n +i1 +expired +It did not begin in time, and will not\.\n$/,
  )
  expect(await says(client, names, await asked(), 'i1', 'accepted')).toBe('late')
})

test('--no-wait says what was asked, and Ctrl-C that it goes on', async () => {
  const { code, out } = await run('stop', 'mailer', '-m', 'w', '--no-wait')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^3 instances are asked to stop; who has not begun by \S+Z never does\. otel-health ctl mailer shows what becomes of it\.\n/,
  )
  const running = begin(['resume', 'mailer/i1', '-m', 'w'])
  await expect.poll(() => running.talk, WAIT).toContain('0 of 1 resumed')
  running.end()
  expect(await running.code).toBe(1)
  expect(running.talk).toContain('Not waited for any longer: it goes on, and otel-health ctl mailer shows it.')
  expect(running.out).toMatch(/^The resume of mailer\/i1 waits: /)
})

test('what was asked of a service, and what it is to be', async () => {
  expect(await run('mailer')).toEqual({ code: 0, out: 'Nothing was asked of mailer.\n', talk: '' })
  await run('pause', 'mailer', '-m', 'a larger\u001b[2J disk', '--no-wait')
  await run('stop', 'mailer/i1', '-m', 'w', '--no-wait')
  const { code, out } = await run('mailer')
  expect(code).toBe(0)
  expect(
    out
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/ +/g, ' ')
      .split('\n'),
  ).toEqual([
    'All of mailer are to be paused until <time>, says ann: a larger disk.',
    'mailer/i1 is to be stopped, says ann: w.',
    'ASKED WHAT STATE BY COMES TO',
    '<time> stop mailer/i1 waiting ann 0 of 1 stopped, 1 has not answered yet: w',
    '<time> pause mailer waiting ann 0 of 3 paused, 3 have not answered yet: a larger disk',
    '',
  ])
  expect(JSON.parse((await run('mailer', '--json')).out)).toMatchObject({
    service: 'mailer',
    desired: [
      { instance: null, state: 'paused', by: 'ann' },
      { instance: 'i1', state: 'stopped', by: 'ann' },
    ],
    requests: [
      { action: 'stop', state: 'waiting' },
      { action: 'pause', state: 'waiting' },
    ],
  })
})

test.for([
  {
    args: [],
    code: 2,
    says: /^Which service\? Usage: otel-health ctl <pause\|.* or otel-health ctl <service> for what was asked of it\n$/,
  },
  { args: ['pause'], code: 2, says: /^Which service is to pause\? Usage:/ },
  { args: ['explode', 'mailer'], code: 2, says: /^"explode" cannot be asked of a service\. Usage:/ },
  { args: ['pause', 'mailer'], code: 2, says: /^Why\? Usage:/ },
  { args: ['pause', 'mailer', '-m', 'w', '--for', 'ever'], code: 2, says: /^--for is "ever", expected a time/ },
  { args: ['pause', 'mailer', 'i1', '-m', 'w'], code: 2, says: /^"i1" is one argument too many/ },
  { args: ['stop', 'mailer', '-m', 'w', '--for', '1h'], code: 2, says: /^A length of 3600000 ms is given to stop/ },
  { args: ['pause', 'mailer/', '-m', 'w'], code: 2, says: /^No instance is called ""/ },
  { args: ['pause', 'mailer/i9', '-m', 'w'], code: 1, says: /^No instance of mailer is called "i9" \(there are: (?:i\d(?:, )?){3}\)\.\n$/ },
  { args: ['start', 'mailer', '-m', 'w'], code: 1, says: /^mailer is running: there is nothing to start\.\n$/ },
])('what cannot be asked is one sentence: $args', async ({ args, code, says: said }) => {
  const ended = await run(...args)
  expect(ended).toMatchObject({ code, out: '' })
  expect(ended.talk).toMatch(said)
})

test('the answer is lost on the way: exit 3, and it is said that it may have been asked', async () => {
  const proxy = createServer((near) => {
    const far = connect(valkey.port, '127.0.0.1')
    let isAsking = false
    near.on('data', (bytes) => {
      isAsking ||= bytes.includes('{health}:audit')
      far.write(bytes)
    })
    far.on('data', (bytes) => (isAsking ? near.destroy() : near.write(bytes)))
    near.on('close', () => far.destroy())
    for (const socket of [near, far]) socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void proxy.close())
  const running = begin(['drain', 'mailer', '-m', 'w'], (proxy.address() as AddressInfo).port)
  expect(await running.code).toBe(3)
  expect(running.talk).toContain('Whether it was asked is not known: otel-health ctl mailer shows it.\n')
  expect(await asked()).toMatchObject({ action: 'drain' })
})

describe('while it waits', () => {
  test('the health Redis loses its memory: exit 1, for nothing is known', async () => {
    const running = begin(['drain', 'mailer', '-m', 'w'])
    await expect.poll(() => running.talk, WAIT).toContain('0 of 3 drained')
    await redis.flushall()
    expect(await running.code).toBe(1)
    expect(running.talk).toContain('The health Redis has lost its memory: whether the request was carried out is not known.')
  })

  test('the health Redis is frozen, and comes back: it is waited for', async () => {
    const frozen = await startValkey()
    const before = new Redis(frozen.port)
    const { client: own } = await createPublisher({ host: '127.0.0.1', port: frozen.port }, 20_000)
    onTestFinished(async () => {
      before.disconnect()
      own.disconnect()
      await frozen.stop()
    })
    await own.connect()
    await isAlive(before, names, { instance: 'i1', control: CONTROL_ACTIONS })
    const running = begin(['drain', 'mailer', '-m', 'w'], frozen.port)
    const request = await asked(before)
    await says(own, names, request, 'i1', 'accepted')
    await expect.poll(() => running.talk, WAIT).toContain('0 of 1 drained\n')
    frozen.kill('SIGSTOP')
    await expect.poll(() => running.talk, WAIT).toContain('The health Redis does not answer;')
    frozen.kill('SIGCONT')
    await says(own, names, request, 'i1', 'done')
    expect(await running.code).toBe(0)
  })
})
