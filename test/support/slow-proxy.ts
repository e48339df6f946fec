/** Between a service and its Redis: bytes take as long as the test says, each way. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface SlowProxy {
  readonly port: number
  /** Milliseconds, each way. */
  delayMs: number
  /** Bytes are swallowed; connections stay. */
  hole: boolean
  stop(): void
}

/** `port`: any that is free unless given. */
export async function startSlowProxy(to: number, port = 0): Promise<SlowProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => {})
      from.on('data', (bytes) => {
        if (!proxy.hole) setTimeout(() => into.writable && into.write(bytes), proxy.delayMs)
      })
      from.on('close', () => {
        sockets.delete(from)
        setTimeout(() => into.destroy(), proxy.delayMs)
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const proxy: SlowProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    hole: false,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return proxy
}
