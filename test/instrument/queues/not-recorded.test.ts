/** A version of a library that is not as we know it is used as if nobody watched, and one line says so. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import type { ModuleHook } from '../../../src/instrument/hook/module-hook.ts'
import { Hold } from '../../../src/instrument/calls/hold.ts'
import { hookModules } from '../../../src/instrument/hook/module-hook.ts'
import { watchQueueLibraries } from '../../../src/instrument/queues/queue-libraries.ts'
import type { Cancel } from '../../../src/types.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { WorkInHand } from '../../../src/record/work-in-hand.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const rows = [
  {
    name: 'bull',
    file: 'lib/queue.js',
    source: 'class Queue { run() { return 7 } }\nmodule.exports = Queue',
    use: (Queue: unknown) => new (Queue as new () => { run(): number })().run(),
    said: 'otel-health: Bull 99.0.0 is not recorded: it has no Queue.setHandler as earlier versions had.',
  },
  {
    name: 'bee-queue',
    file: 'lib/queue.js',
    source: 'class Queue { run() { return 7 } }\nmodule.exports = Queue',
    use: (Queue: unknown) => new (Queue as new () => { run(): number })().run(),
    said: 'otel-health: Bee-Queue 99.0.0 is not recorded: it has no Queue.process as earlier versions had.',
  },
  {
    name: 'pg-boss',
    file: 'src/manager.js',
    source: 'class Manager { take() { return 7 } }\nmodule.exports = Manager',
    use: (Manager: unknown) => new (Manager as new () => { take(): number })().take(),
    said: 'otel-health: pg-boss 99.0.0 is not recorded: it has no Manager.work as earlier versions had.',
  },
  {
    name: 'graphile-worker',
    file: 'dist/lib.js',
    source: 'function processOptions() { return 7 }\nexports.processOptions = processOptions',
    use: (lib: unknown) => (lib as { processOptions(): number }).processOptions(),
    said: 'otel-health: Graphile Worker 99.0.0 is not recorded: it has no processSharedOptions as earlier versions had.',
  },
]

let folder: string
let hook: ModuleHook
let cancel: Cancel
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
  for (const { name, file, source } of rows) {
    const root = join(folder, 'node_modules', name)
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, 'package.json'), JSON.stringify({ name, version: '99.0.0' }))
    await writeFile(join(root, file), source)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(() => {
  hook = hookModules()
  const clock = new VirtualClock(0)
  const counting = { inHand: new WorkInHand(clock), hold: new Hold(clock) }
  cancel = watchQueueLibraries(hook, { clock, ...counting, onAttempt() {}, onQueue() {}, onAskedQueue() {} })
})
afterEach(() => {
  cancel()
  hook.remove()
})

test.for(rows)('$name', ({ name, file, use, said }) => {
  const lines = diagLines()
  const load = createRequire(join(folder, 'service.js'))
  expect(use(load(`${name}/${file}`))).toBe(7)
  expect(lines).toEqual([said])
})
