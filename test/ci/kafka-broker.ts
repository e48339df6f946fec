/**
 * A broker of Kafka in memory, as much of its protocol as one consumer of a group and a producer need: topics of one partition, long polls,
 * committed offsets, message sets of the format before record batches.
 */
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { crc32 } from 'node:zlib'

import { int16, int32, int64, int8, KafkaReader, list, sized, text, uint32 } from './kafka-bytes.ts'

/** By the number of the request: the one version of it that is spoken here. */
const VERSIONS: Readonly<Record<number, number>> = { 0: 2, 1: 2, 2: 1, 3: 1, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 18: 0, 19: 0 }
const OK = int16(0)
const NODE = 1

interface Topic {
  readonly values: Buffer[]
  readonly committed: Map<string, bigint>
}

type Request = (read: KafkaReader) => Buffer | Promise<Buffer>

export class KafkaBroker {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #topics = new Map<string, Topic>()
  #generation = 0
  #assignment: Buffer = Buffer.alloc(0)

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async start(): Promise<KafkaBroker> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new KafkaBroker(server)
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    let pending = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk as Buffer])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE()) {
        const end = 4 + pending.readInt32BE()
        void this.#answer(socket, pending.subarray(4, end))
        pending = pending.subarray(end)
      }
    })
  }

  async #answer(socket: Socket, bytes: Buffer): Promise<void> {
    const read = new KafkaReader(bytes)
    const [key, version, correlation] = [read.int16(), read.int16(), read.int32()]
    read.text()
    // A client that speaks a newer version of this one request is told to ask again.
    const body = key === 18 && version !== 0 ? Buffer.concat([int16(35), list([])]) : await this.#requests[key]!(read)
    socket.write(sized(Buffer.concat([int32(correlation), body])))
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? { values: [], committed: new Map<string, bigint>() }
    this.#topics.set(name, topic)
    return topic
  }

  /** Topics with their partitions, each of which is one thing that is asked. */
  #each(read: KafkaReader, partition: (name: string) => Buffer): Buffer {
    return list(
      read.list(() => {
        const name = read.text()
        return Buffer.concat([text(name), list(read.list(() => partition(name)))])
      }),
    )
  }

  readonly #requests: Readonly<Record<number, Request>> = {
    // Produce
    0: (read) => {
      read.skip(6)
      const topics = this.#each(read, (name) => {
        const partition = read.int32()
        const { values } = this.#topic(name)
        const base = values.length
        values.push(...valuesOf(read.bytes()))
        return Buffer.concat([int32(partition), OK, int64(base), int64(-1)])
      })
      return Buffer.concat([topics, int32(0)])
    },
    // Fetch
    1: async (read) => {
      read.skip(4)
      const until = Date.now() + read.int32()
      read.skip(4)
      const asked = read.list(() => ({
        name: read.text(),
        partitions: read.list(() => [read.int32(), read.int64(), read.int32()] as const),
      }))
      const isEmpty = (): boolean =>
        asked.every(({ name, partitions }) => partitions.every(([, from]) => from >= this.#topic(name).values.length))
      while (isEmpty() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 5))
      const topics = asked.map(({ name, partitions }) => {
        const { values } = this.#topic(name)
        const each = partitions.map(([partition, from]) =>
          Buffer.concat([int32(partition), OK, int64(values.length), sized(messageSet(values, Number(from)))]),
        )
        return Buffer.concat([text(name), list(each)])
      })
      return Buffer.concat([int32(0), list(topics)])
    },
    // ListOffsets
    2: (read) => {
      read.skip(4)
      return this.#each(read, (name) => {
        const [partition, time] = [read.int32(), read.int64()]
        return Buffer.concat([int32(partition), OK, int64(-1), int64(time === -2n ? 0 : this.#topic(name).values.length)])
      })
    },
    // Metadata
    3: (read) => {
      const names = read.list(() => read.text())
      const partition = Buffer.concat([OK, int32(0), int32(NODE), list([int32(NODE)]), list([int32(NODE)])])
      const topics = names.map((name) => Buffer.concat([OK, text(name), int8(0), list([partition])]))
      const broker = Buffer.concat([int32(NODE), text('127.0.0.1'), int32(this.port), int16(-1)])
      return Buffer.concat([list([broker]), int32(NODE), list(topics)])
    },
    // OffsetCommit
    8: (read) => {
      const group = read.text()
      read.skip(4)
      read.text()
      read.skip(8)
      return this.#each(read, (name) => {
        const [partition, offset] = [read.int32(), read.int64()]
        read.text()
        this.#topic(name).committed.set(group, offset)
        return Buffer.concat([int32(partition), OK])
      })
    },
    // OffsetFetch
    9: (read) => {
      const group = read.text()
      return this.#each(read, (name) =>
        Buffer.concat([int32(read.int32()), int64(this.#topic(name).committed.get(group) ?? -1n), text(''), OK]),
      )
    },
    // FindCoordinator
    10: () => Buffer.concat([OK, int32(NODE), text('127.0.0.1'), int32(this.port)]),
    // JoinGroup: whoever comes is the leader, for there is nobody else.
    11: (read) => {
      read.text()
      read.skip(4)
      read.text()
      read.text()
      const [protocol] = read.list(() => ({ name: read.text(), metadata: read.bytes() }))
      const member = `member-${++this.#generation}`
      const members = list([Buffer.concat([text(member), sized(protocol!.metadata)])])
      return Buffer.concat([OK, int32(this.#generation), text(protocol!.name), text(member), text(member), members])
    },
    // Heartbeat, LeaveGroup
    12: () => OK,
    13: () => OK,
    // SyncGroup
    14: (read) => {
      read.text()
      read.skip(4)
      read.text()
      const assignments = read.list(() => [read.text(), read.bytes()] as const)
      this.#assignment = assignments[0]?.[1] ?? this.#assignment
      return Buffer.concat([OK, sized(this.#assignment)])
    },
    // ApiVersions
    18: () =>
      Buffer.concat([
        OK,
        list(Object.entries(VERSIONS).map(([key, version]) => Buffer.concat([int16(Number(key)), int16(version), int16(version)]))),
      ]),
    // CreateTopics
    19: (read) => list([Buffer.concat([text((read.int32(), read.text())), OK])]),
  }
}

/** Of messages with or without a timestamp. */
function valuesOf(set: Buffer): Buffer[] {
  const read = new KafkaReader(set)
  const values: Buffer[] = []
  while (!read.isAtEnd) {
    read.skip(16)
    const magic = read.int16() >> 8
    if (magic > 0) read.skip(8)
    read.bytes()
    values.push(read.bytes())
  }
  return values
}

function messageSet(values: readonly Buffer[], from: number): Buffer {
  const messages = values.slice(from).map((value, index) => {
    const body = Buffer.concat([int8(1), int8(0), int64(Date.now()), int32(-1), sized(value)])
    return Buffer.concat([int64(from + index), sized(Buffer.concat([uint32(crc32(body)), body]))])
  })
  return Buffer.concat(messages)
}
