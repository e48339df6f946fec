/** What the operating system says of processes, real ones. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { afterEach, expect, test, vi } from 'vitest'

import { comesOf, hasProc, memoryOf, standingOf } from '../../src/supervise/proc.ts'

const soon = { timeout: 20_000, interval: 20 }
const children: ReturnType<typeof spawn>[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(code: string) {
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

test.runIf(hasProc())('a process runs, is held by a signal, and is gone', async () => {
  const child = start('setInterval(() => {}, 1000)')
  const ended = once(child, 'exit')
  const pid = child.pid!
  expect(standingOf(pid)).toBe('runs')
  child.kill('SIGSTOP')
  await vi.waitFor(() => expect(standingOf(pid)).toBe('stopped'), soon)
  child.kill('SIGCONT')
  await vi.waitFor(() => expect(standingOf(pid)).toBe('runs'), soon)
  child.kill('SIGKILL')
  await ended
  expect([standingOf(pid), memoryOf(pid)]).toEqual(['gone', undefined])
})

test.runIf(hasProc())('memory is what it has resident, in bytes', async () => {
  const child = start('globalThis.kept = Buffer.alloc(300e6, 1); console.log("kept"); setInterval(() => {}, 1000)')
  await once(child.stdout, 'data')
  expect(memoryOf(child.pid!)).toBeGreaterThan(300e6)
  expect(memoryOf(child.pid!)).toBeLessThan(600e6)
})

test.runIf(hasProc())('who comes of whom, through another in between', async () => {
  const through = `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
process.on('exit', () => child.kill('SIGKILL'))
console.log(child.pid)
setInterval(() => {}, 1000)
process.on('SIGTERM', () => process.exit())`
  const child = start(through)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const grandchild = Number(String(line))
  expect([comesOf(grandchild, child.pid!), comesOf(grandchild, process.pid), comesOf(child.pid!, child.pid!)]).toEqual([true, true, true])
  expect([comesOf(child.pid!, grandchild), comesOf(process.pid, child.pid!), comesOf(999_999_999, process.pid)]).toEqual([
    false,
    false,
    false,
  ])
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
})
