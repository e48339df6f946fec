import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { encodeRequest, type ControlAction, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { desiredOf, positionAt, readDesired, readRequests } from '../../src/wire/read-requests.ts'

const KEY = 'a key of sixteen or more'
const names = shardNames()
const signing = shardNames(0, 1, KEY)

let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

function requestOf(id: string, change: Partial<ControlRequest> = {}): ControlRequest {
  const at = Date.now()
  const action: ControlAction = change.action ?? 'pause'
  return {
    ...{ id: id.repeat(16), action, service: 'mailer', instance: null, actor: 'ann', from: 'h', why: 'w' },
    ...{ at, expires: at + 60_000, until: action === 'pause' ? at + 60_000 : null },
    ...change,
  }
}

const write = (text: string, place = '*'): Promise<string | null> => redis.xadd(names.requests('mailer'), place, 'd', text)
const ask = (id: string, change?: Partial<ControlRequest>, place?: string) => write(encodeRequest(requestOf(id, change)), place)
const idsOf = (read: Awaited<ReturnType<typeof readRequests>>): string[] =>
  read.entries.map(({ request, why }) => request?.id.slice(0, 1) ?? why!)

describe('requests', () => {
  test('are read in their order, each once, so many at a time', async () => {
    expect(await readRequests(redis, names, 'mailer', '0-0')).toEqual({ entries: [], position: '0-0', beganAnew: false })
    for (const id of ['a', 'b', 'c']) await ask(id)
    const first = await readRequests(redis, names, 'mailer', '0-0', 2)
    const second = await readRequests(redis, names, 'mailer', first.position, 2)
    const third = await readRequests(redis, names, 'mailer', second.position, 2)
    expect([first, second, third].map(idsOf)).toEqual([['a', 'b'], ['c'], []])
    await ask('d')
    expect(idsOf(await readRequests(redis, names, 'mailer', third.position))).toEqual(['d'])
  })

  test('of before a process began are not read by it', async () => {
    await ask('a', {}, `${Date.now() - 1}-0`)
    const began = positionAt(Date.now())
    const first = await readRequests(redis, names, 'mailer', began)
    expect(first).toMatchObject({ entries: [], beganAnew: false })
    await ask('b')
    for (const position of [began, first.position]) expect(idsOf(await readRequests(redis, names, 'mailer', position))).toEqual(['b'])
  })

  test('that were trimmed before they were read are gone, and the others are read', async () => {
    await ask('a')
    const { position } = await readRequests(redis, names, 'mailer', '0-0')
    for (const id of ['b', 'c', 'd']) await ask(id)
    await redis.xtrim(names.requests('mailer'), 'MAXLEN', '=', 1)
    expect(idsOf(await readRequests(redis, names, 'mailer', position))).toEqual(['d'])
  })

  test('are read after a flush, whatever the time of the server is then', async () => {
    await ask('a', {}, `${Date.now() + 3_600_000}-0`)
    const before = await readRequests(redis, names, 'mailer', '0-0')
    await redis.flushall()
    // The server that took over is an hour behind.
    await ask('b')
    const after = await readRequests(redis, names, 'mailer', before.position)
    expect(idsOf(after)).toEqual(['b'])
    expect([before.beganAnew, after.beganAnew]).toEqual([false, true])
    expect(await readRequests(redis, names, 'mailer', after.position)).toMatchObject({ entries: [], beganAnew: false })
  })

  test.for([
    { what: 'that has read some', from: `${Date.now() + 3_600_000}-0`, beganAnew: true },
    { what: 'that has read none', from: positionAt(Date.now() + 3_600_000), beganAnew: false },
  ])(
    'are read by a process $what, and looks while the stream is empty, by a server that is an hour behind',
    async ({ from, beganAnew }) => {
      const empty = await readRequests(redis, names, 'mailer', from)
      expect(empty).toMatchObject({ entries: [], beganAnew })
      await ask('b')
      expect(idsOf(await readRequests(redis, names, 'mailer', empty.position))).toEqual(['b'])
    },
  )

  test('come again with the same place where a server takes over that lacks the last of them', async () => {
    const [a] = [await ask('a'), await ask('b')]
    const before = await readRequests(redis, names, 'mailer', '0-0')
    await redis.xdel(names.requests('mailer'), before.position)
    const after = await readRequests(redis, names, 'mailer', before.position)
    expect(after).toMatchObject({ beganAnew: true, entries: [{ position: a }] })
  })

  test.for([
    { what: 'for another service', text: encodeRequest(requestOf('a', { service: 'postman' })), why: 'is for postman' },
    { what: 'of nonsense', text: '{', why: 'is no request that this otel-health knows' },
  ])('$what are passed on as what may not be carried out', async ({ text, why }) => {
    const position = await write(text)
    expect((await readRequests(redis, names, 'mailer', '0-0')).entries).toEqual([{ position, why }])
  })

  test('without the field, with many fields, and unsigned ones where there is a key', async () => {
    await redis.xadd(names.requests('mailer'), '*', 'x', 'y')
    await redis.xadd(names.requests('mailer'), '*', 'to', 'd', 'd', encodeRequest(requestOf('a')))
    const unknown = 'is no request that this otel-health knows'
    expect(idsOf(await readRequests(redis, names, 'mailer', '0-0'))).toEqual([unknown, 'a'])
    const notSigned = 'is not signed with the key of HEALTH_HMAC_KEY'
    expect(idsOf(await readRequests(redis, signing, 'mailer', '0-0'))).toEqual([unknown, notSigned])
    await write(encodeRequest(requestOf('b'), KEY))
    expect(idsOf(await readRequests(redis, signing, 'mailer', '0-0'))).toEqual([unknown, notSigned, 'b'])
  })
})

describe('what is desired', () => {
  const want = (whom: string, change: Partial<ControlRequest>, key?: string) =>
    redis.hset(names.desired('mailer'), whom, encodeRequest(requestOf('a', change), key))
  const read = async (of = names, now = Date.now()) =>
    (await readDesired(redis, of, 'mailer', now)).map(({ instance, state }) => `${instance ?? '*'} ${state}`)

  test('is what requests say that stand where they belong', async () => {
    await want('*', { action: 'stop' })
    await want('web-1', { action: 'pause', instance: 'web-1' })
    await want('web-2', { action: 'resume', instance: 'web-2' })
    expect(await read()).toEqual(['* stopped', 'web-1 paused', 'web-2 none'])
  })

  test.for<{ what: string; whom: string; change: Partial<ControlRequest> }>([
    { what: 'of another service', whom: '*', change: { service: 'postman' } },
    { what: 'of another instance', whom: 'web-1', change: { action: 'stop', instance: 'web-2' } },
    { what: 'of one instance, said of all', whom: '*', change: { action: 'stop', instance: 'web-2' } },
    { what: 'of all, said of one instance', whom: 'web-1', change: { action: 'stop' } },
    { what: 'that changes nothing of what is desired', whom: '*', change: { action: 'restart' } },
    { what: 'whose time is up', whom: '*', change: { at: Date.now() - 2000, expires: Date.now() - 1000, until: Date.now() - 1 } },
  ])('a request $what counts for nothing', async ({ whom, change }) => {
    await want(whom, change)
    expect(await read()).toEqual([])
  })

  test('is nothing without a signature where there is a key', async () => {
    await want('*', { action: 'stop' })
    expect(await read(signing)).toEqual([])
    await want('*', { action: 'stop' }, KEY)
    expect(await read(signing)).toEqual(['* stopped'])
  })

  test('of an instance is what is said of it alone, else what is said of all', async () => {
    await want('*', { action: 'stop' })
    await want('web-1', { action: 'pause', instance: 'web-1' })
    await want('web-2', { action: 'resume', instance: 'web-2' })
    const all = await readDesired(redis, names, 'mailer', Date.now())
    expect(['web-1', 'web-2', 'web-3'].map((instance) => desiredOf(all, instance)?.state)).toEqual(['paused', undefined, 'stopped'])
    expect(desiredOf([], 'web-1')).toBeUndefined()
  })
})
