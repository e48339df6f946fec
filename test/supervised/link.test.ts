/** The link between a service and its supervisor: real sockets, and whatever may come over them. */
import inspector from 'node:inspector'
import { createConnection, type Socket } from 'node:net'

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { ServiceSocket, type SocketOptions } from '../../src/supervise/service-socket.ts'
import { linkToSupervisor } from '../../src/supervised/link.ts'
import { encodeLine, lineReader, readFromProcess, readFromSupervisor, STARTED_FOR, SUPERVISOR } from '../../src/supervised/protocol.ts'
import type { ProcessState } from '../../src/supervised/supervised.ts'
import { STATE } from '../supervise/supervised-run.ts'

const soon = { timeout: 20_000, interval: 10 }
const id = () => `test-${process.pid}-${Math.random().toString(36).slice(2)}`

describe('over a socket', () => {
  const beats: ProcessState[] = []
  const endings: string[] = []
  const sockets: Socket[] = []
  let unlinked = 0
  let socket: ServiceSocket

  function listen(options: Partial<SocketOptions> = {}): ServiceSocket {
    return new ServiceSocket({
      ...{ id: id(), restarts: true, isOurs: () => true },
      beat: (state) => beats.push(state),
      ending: (request, action) => endings.push(`${request} ${action}`),
      signalled: (signal) => endings.push(signal),
      unlinked: () => unlinked++,
      ...options,
    })
  }

  beforeEach(() => {
    socket = listen()
  })
  afterEach(() => {
    for (const each of sockets.splice(0)) each.destroy()
    socket.close()
    beats.length = endings.length = unlinked = 0
  })

  test('what is said before it is connected comes when it is, and what the supervisor asks reaches who listens later', async () => {
    socket.leave([{ name: 'mails', id: '7', times: 2 }])
    const env = { [SUPERVISOR]: socket.path, [STARTED_FOR]: 'abc restart inst' }
    const link = linkToSupervisor(env)!
    expect(env).not.toHaveProperty(STARTED_FOR)
    expect(link.startedFor).toEqual({ request: 'abc', action: 'restart', instance: 'inst' })
    link.beat(STATE)
    await vi.waitFor(() => expect(beats).toEqual([STATE]), soon)
    await vi.waitFor(() => expect(link.restarts).toBe(true), soon)
    link.ending('r1', 'restart')
    link.signalled('SIGINT')
    await vi.waitFor(() => expect(endings).toEqual(['r1 restart', 'SIGINT']), soon)
    socket.drain('it leaks')
    const heard: unknown[] = []
    link.onInterrupted((work) => heard.push(work))
    link.onDrain((why) => heard.push(why))
    await vi.waitFor(() => expect(heard).toEqual([[{ name: 'mails', id: '7', times: 2 }], 'it leaks']), soon)
  })

  test('the first that says it is the service counts; another of the same run is told that it is not started again', async () => {
    const first = linkToSupervisor({ [SUPERVISOR]: socket.path })!
    await vi.waitFor(() => expect(first.restarts).toBe(true), soon)
    const second = linkToSupervisor({ [SUPERVISOR]: socket.path })!
    second.beat({ ...STATE, instance: 'b' })
    second.ending('r2', 'restart')
    first.beat(STATE)
    await vi.waitFor(() => expect(beats.map(({ instance }) => instance)).toEqual(['a']), soon)
    expect([second.restarts, endings]).toEqual([false, []])
  })

  test('who was not started by it does not count, nor does anybody where it only watches', async () => {
    const strict = listen({ isOurs: () => false })
    const watching = listen({ restarts: false })
    const stranger = linkToSupervisor({ [SUPERVISOR]: strict.path })!
    const watched = linkToSupervisor({ [SUPERVISOR]: watching.path })!
    stranger.beat({ ...STATE, instance: 'stranger' })
    watched.beat({ ...STATE, instance: 'watched' })
    await vi.waitFor(() => expect(beats.map(({ instance }) => instance)).toEqual(['watched']), soon)
    expect([stranger.restarts, watched.restarts]).toEqual([false, false])
    strict.close()
    watching.close()
  })

  test('a process that a debugger may hold says so', async () => {
    const inspected: boolean[] = []
    const looking = listen({ beat: (_state, isInspected) => inspected.push(isInspected) })
    inspector.open(0, '127.0.0.1')
    try {
      linkToSupervisor({ [SUPERVISOR]: looking.path })!.beat(STATE)
      await vi.waitFor(() => expect(inspected).toEqual([true]), soon)
    } finally {
      inspector.close()
      looking.close()
    }
  })

  test('a supervisor that is gone, or was never there, is nothing to the service', async () => {
    const link = linkToSupervisor({ [SUPERVISOR]: `${socket.path}-none` })!
    for (let i = 0; i < 3; i++) link.beat(STATE)
    link.ending('r1', 'stop')
    await new Promise((resolve) => setImmediate(resolve))
    expect(link.restarts).toBe(false)
    expect(linkToSupervisor({})).toBeUndefined()
  })

  test('a line without end closes the connection, and the service that is heard is heard on', async () => {
    const link = linkToSupervisor({ [SUPERVISOR]: socket.path })!
    await vi.waitFor(() => expect(link.restarts).toBe(true), soon)
    const stranger = createConnection(socket.path)
    sockets.push(stranger)
    let isClosed = false
    stranger.on('error', () => {}).on('close', () => (isClosed = true))
    stranger.write('x'.repeat(200_000))
    await vi.waitFor(() => expect(isClosed).toBe(true), soon)
    link.beat(STATE)
    await vi.waitFor(() => expect(beats).toHaveLength(1), soon)
    expect(unlinked).toBe(0)
  })
})

test('whatever comes over the socket is a message of ours or none, and within bounds', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json({ maxDepth: 4 }).map((json) => `{"is":"beat","state":${json}}`),
      ),
      (line) => {
        const message = readFromProcess(line)
        if (message) expect(readFromProcess(encodeLine(message).trim())).toEqual(message)
        expect(() => readFromSupervisor(line)).not.toThrow()
      },
    ),
  )
})

test('a state of any size is read back as what of it is in bounds', () => {
  const piece = { name: 'n'.repeat(500), id: 'i'.repeat(500), seconds: 1 }
  const state = { ...STATE, inHand: { count: 100, oldestSeconds: 3, oldest: Array.from({ length: 100 }, () => piece) } }
  const message = readFromProcess(encodeLine({ is: 'beat', state }).trim())
  expect(message).toMatchObject({ is: 'beat' })
  const { oldest } = (message as { state: ProcessState }).state.inHand
  expect([oldest.length, oldest[0]!.name.length, oldest[0]!.id!.length]).toEqual([20, 128, 128])
})

test('lines are read however they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{0,20}$/)), fc.array(fc.integer({ min: 1, max: 9 })), (lines, cuts) => {
      const read: string[] = []
      const reader = lineReader(
        (line) => read.push(line),
        () => {
          throw new Error('too long')
        },
      )
      let text = lines.map((line) => `${line}\n`).join('')
      for (let i = 0; text !== ''; i++) {
        const size = cuts.length === 0 ? 5 : cuts[i % cuts.length]!
        reader(text.slice(0, size))
        text = text.slice(size)
      }
      expect(read).toEqual(lines)
    }),
  )
})
