/**
 * A real Valkey for the demo and the tests, without Docker. It lives in a process of its own, so that a busy event loop here does
 * not freeze it, and so that stopping or killing that process is an honest fault. It keeps nothing on disk.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

export interface EmbeddedValkey {
  readonly port: number
  readonly pid: number
  /** Ends the server, frozen or not. */
  stop(): Promise<void>
  /** Sends a signal (SIGSTOP, SIGCONT, SIGKILL) to the server's process. */
  kill(signal: NodeJS.Signals): void
}

const PORT_ATTEMPTS = 5

/** Listens on `port`, else on a free one. Rejects if the port is taken or the server does not come up. */
export async function startValkey({ port }: { readonly port?: number } = {}): Promise<EmbeddedValkey> {
  if (port !== undefined) return start(port)
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort())
    } catch (error) {
      // Between finding the port and using it another process may have taken it.
      if (attempt === PORT_ATTEMPTS) throw error
    }
  }
}

async function start(port: number): Promise<EmbeddedValkey> {
  const child = fork(fileURLToPath(new URL('./valkey-process.ts', import.meta.url)), [String(port)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  })
  const exited = once(child, 'exit')
  const message = await Promise.race([
    once(child, 'message').then(([first]) => first as { ready: boolean; error?: string }),
    exited.then(() => undefined),
  ])
  if (!message?.ready || child.pid === undefined) {
    child.kill('SIGKILL')
    throw new Error(`Valkey did not start on port ${port}: ${message?.error ?? 'its process ended'}`)
  }
  letParentEnd(child)
  return {
    port,
    pid: child.pid,
    kill: (signal) => void child.kill(signal),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** The child ends when the channel closes, so it must not be the child that keeps the parent running. */
function letParentEnd(child: ChildProcess): void {
  child.unref()
  child.channel?.unref()
}
