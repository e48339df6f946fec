#!/usr/bin/env node
/** The process around the command line: streams, signals, exit code. */
import { systemClock } from '../clock.ts'
import { cleanLines } from '../wire/clean-text.ts'
import { runCommand } from './command-line.ts'

const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
// Whoever reads our output may have seen enough (`otel-health tail | head`).
process.stdout.on('error', () => process.exit(0))

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  out: (line) => void process.stdout.write(`${line}\n`),
  talk: (line) => void process.stderr.write(`${cleanLines(line)}\n`),
  redraw: process.stdout.isTTY ? redraw : undefined,
  signal: ending.signal,
})

// doctor runs health.config, and what that has begun may never end.
systemClock.after(200, () => {
  if (process.stdout.writableLength === 0) process.exit()
  else process.stdout.once('drain', () => process.exit())
})

/** Over what was there before, line by line, so that nothing flickers. */
function redraw(lines: readonly string[]): void {
  process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`)
}
