/** The process that speaks for a service that cannot: there while there is something to say, and again with all of it where it ended too early. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { AnnouncerProcess } from '../../src/supervise/announcer-process.ts'
import type { Heard, Report } from '../../src/supervise/report.ts'
import { SUPERVISOR } from '../../src/supervised/protocol.ts'

const soon = { timeout: 20_000, interval: 20 }
const QUIET: Report = { id: 'run', answers: [], listens: false }
const DEATH = { n: 1, exit: { code: 3, signal: null }, at: 0, uptimeSeconds: 1, next: 'is started again in 1 s', staysDown: false }
const SAYING: Report = { ...QUIET, death: DEATH }

let folder: string
let heard: Heard[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otel-health-announcer-'))
  heard = []
})
afterEach(() => rmSync(folder, { recursive: true }))

function announcing(script: string): AnnouncerProcess {
  const file = join(folder, 'announcer.cjs')
  writeFileSync(file, script)
  return new AnnouncerProcess(file, (each) => heard.push(each))
}

/** Says under which number it was told of a death, and of what environment. */
const ECHO = (then: string): string =>
  `process.on('message', ({ death }) => {
     const env = [process.env.NODE_OPTIONS, process.env.${SUPERVISOR}].filter(Boolean).length
     process.send({ is: 'told', what: 'death', n: (death?.n ?? 0) * 10 + env }, () => { ${then} })
   })`

test('there is none while there is nothing to say: the first that it hears is what there is', async () => {
  const announcer = announcing(ECHO(`if (!death) process.exit()`))
  for (let now = 0; now < 60_000; now += 1000) announcer.tell(QUIET, now)
  announcer.tell(SAYING, 60_000)
  announcer.tell(QUIET, 60_000)
  await vi.waitFor(() => expect(heard.map((each) => 'n' in each && each.n)).toEqual([10, 0]), soon)
})

test('it is told each report once, and of the last, too, that there is nothing more', async () => {
  const announcer = announcing(ECHO(`if (!death) process.exit()`))
  for (let i = 0; i < 3; i++) announcer.tell(SAYING, i)
  announcer.tell(QUIET, 4)
  await vi.waitFor(() => expect(heard.map((each) => 'n' in each && each.n)).toEqual([10, 0]), soon)
})

test('one that ends before all is said is followed by another, which is told the same, but not at once', async () => {
  const announcer = announcing(ECHO('process.exit(1)'))
  announcer.tell(SAYING, 0)
  await vi.waitFor(() => expect(heard).toHaveLength(1), soon)
  // That it has ended is heard later than what it said.
  let now = 4000
  announcer.tell(SAYING, now)
  expect(heard).toHaveLength(1)
  await vi.waitFor(() => {
    announcer.tell(SAYING, (now += 5000))
    expect(heard.length).toBeGreaterThan(1)
  }, soon)
  expect(heard.slice(0, 2)).toEqual([
    { is: 'told', what: 'death', n: 10 },
    { is: 'told', what: 'death', n: 10 },
  ])
})

test('nothing that is meant for the service is loaded into it, and it is no service of the supervisor', async () => {
  const given = { NODE_OPTIONS: process.env['NODE_OPTIONS'], [SUPERVISOR]: process.env[SUPERVISOR] }
  process.env['NODE_OPTIONS'] = '--no-warnings'
  process.env[SUPERVISOR] = '/run/none'
  try {
    announcing(ECHO('process.exit()')).tell(SAYING, 0)
    await vi.waitFor(() => expect(heard).toEqual([{ is: 'told', what: 'death', n: 10 }]), soon)
  } finally {
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  }
})
