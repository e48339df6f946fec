#!/usr/bin/env node
/** The process around the command line: streams, signals, exit code. */
import { createInterface } from 'node:readline/promises'

import { systemClock } from '../clock.ts'
import { cleanLines } from '../wire/clean-text.ts'
import { runCommand } from './command-line.ts'
import { cut } from './text.ts'

const ending = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
// Whoever reads our output may have seen enough (`otel-health tail | head`).
process.stdout.on('error', () => process.exit(0))

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  out: (line) => void process.stdout.write(`${line}\n`),
  talk: (line) => void process.stderr.write(`${cleanLines(line)}\n`),
  redraw: process.stdout.isTTY ? redraw : undefined,
  ask: process.stdin.isTTY && process.stdout.isTTY ? ask : undefined,
  input: async () => (await import('node:stream/consumers')).text(process.stdin),
  width: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
  signal: ending.signal,
})

// doctor runs health.config, and what that has begun may never end.
systemClock.after(200, () => {
  if (process.stdout.writableLength === 0) process.exit()
  else process.stdout.once('drain', () => process.exit())
})

/** Ctrl-C and the end of the input are no. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return await lines.question(question, { signal: ending.signal })
  } catch {
    return ''
  } finally {
    lines.close()
  }
}

/** Over what was there before, line by line, so that nothing flickers. What does not fit on the screen would move it: the last line stays. */
function redraw(lines: readonly string[]): void {
  const { rows, columns } = process.stdout
  const fitting = lines.length < rows ? lines : [...lines.slice(0, Math.max(rows - 3, 1)), '…', lines.at(-1)!]
  process.stdout.write(`\u001b[H${fitting.map((line) => `${cut(line, columns)}\u001b[K\n`).join('')}\u001b[J`)
}
