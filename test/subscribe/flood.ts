/** Names, five thousand a second, each new; and a reader in a process of its own, whose memory is its own. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Redis } from 'ioredis'
import type { ReadingReport } from './fixtures/reading-process.ts'
import { statusText } from './record.ts'

const PER_SECOND = 5000
const TURN_MS = 20

export interface ReadingProcess {
  report(): Promise<ReadingReport>
  stop(): void
}

export async function startReading(port: number): Promise<ReadingProcess> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./fixtures/reading-process.ts', import.meta.url)), [String(port)])
  await once(child, 'message')
  return {
    async report() {
      child.send('report')
      const [report] = (await once(child, 'message')) as [ReadingReport]
      return report
    },
    stop: () => void child.kill('SIGKILL'),
  }
}

/** `write`: in the lists and keys, as a service does; else they are only said. Resolves to how many. */
export async function flood(redis: Redis, seconds: number, write: boolean): Promise<number> {
  const begin = performance.now()
  let sent = 0
  while (performance.now() - begin < seconds * 1000) {
    const due = ((performance.now() - begin) / 1000) * PER_SECOND
    const commands = redis.pipeline()
    for (; sent < due; sent++) {
      const service = `flood-${process.pid}-${sent}`
      const text = statusText({ service })
      if (write) {
        const now = Date.now()
        commands.set(`{health}:status:${service}:a`, text, 'PX', 90_000)
        commands.zadd(`{health}:instances:${service}`, now, 'a').zadd('{health}:services', now, service)
      }
      commands.publish(`health:service:${service}:status`, text)
    }
    await commands.exec()
    await new Promise((resolve) => setTimeout(resolve, TURN_MS))
  }
  return sent
}
