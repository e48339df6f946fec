/**
 * `npm start`: a tracker fetcher and all around it on this machine, and what the health channels say of it; `--all`: five services.
 * `--seconds <number>` ends it by itself.
 */
import { readOptions } from './options.ts'

// Before the first line: whoever has read it may stop us.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
// A shell between npm and us may be killed without a word.
const parent = process.ppid
setInterval(() => process.ppid === parent || stop.abort(), 500).unref()

const what = process.argv.includes('--all')
  ? 'five services, their Redis and all that they call'
  : 'a tracker fetcher, its Redis, Apple and anisette'
console.log(`otel-health demo: ${what} are starting`)
try {
  const options = readOptions(process.argv.slice(2), process.env, process.stdout.isTTY)
  const { runDemo } = await import('./demo.ts')
  process.exit(await runDemo(options, process.env, stop.signal))
} catch (error) {
  console.error((error as Error).message)
  process.exit(1)
}
