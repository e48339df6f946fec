/** A day of examples/day in a process of its own: the services must be loaded by Node for their methods to be watched. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface EndedDay<Result> {
  readonly result: Result
  readonly exitCode: number
  readonly output: string
}

/** `args`: of examples/day/main.ts. Rejects if it ends without a result; `signal` ends it. */
export async function runDayProcess<Result>(args: readonly string[], signal: AbortSignal): Promise<EndedDay<Result>> {
  const child = fork(fileURLToPath(new URL('../../examples/day/main.ts', import.meta.url)), [...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
    signal,
  })
  // Other tests watch the real clock; this one can wait.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  let result: Result | undefined
  child.on('message', (message) => (result = message as Result))
  const [exitCode] = (await once(child, 'close')) as [number]
  if (!result) throw new Error(`The day of ${args.join(' ')} ended with ${exitCode} and no result:\n${output.slice(-4000)}`)
  return { result, exitCode, output }
}
