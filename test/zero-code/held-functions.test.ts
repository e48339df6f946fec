/** Functions of a service whose calls wait while it is held. The modules are loaded by Node itself, for Vite would not let them be seen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { Hold } from '../../src/instrument/calls/hold.ts'
import { hookModules, type ModuleHook } from '../../src/instrument/hook/module-hook.ts'
import { WorkInHand } from '../../src/record/work-in-hand.ts'
import type { Cancel } from '../../src/types.ts'
import { holdFunctions } from '../../src/zero-code/held-functions.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const SOURCE = `
class Jobs {
  constructor() { this.taken = [] }
  async take(job) { this.taken.push(job); await null; if (job === 'none') throw new Error('no job'); return job }
  peek(job) { this.taken.push(job); return Promise.resolve(job) }
}
async function takeNext(job) { return job }
module.exports = { Jobs, takeNext, own: Object.assign(takeNext, { tag: 'own' }) }
`

interface Service {
  readonly Jobs: new () => { readonly taken: string[]; take(job: string): Promise<string>; peek(job: string): Promise<string> }
  readonly takeNext: (job: string) => Promise<string>
}

let folder: string
let file = 0
let hook: ModuleHook
let hold: Hold
let inHand: WorkInHand
let cancels: readonly Cancel[]
let said: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(() => {
  const clock = new VirtualClock()
  hook = hookModules()
  hold = new Hold(clock)
  inHand = new WorkInHand(clock)
  said = diagLines()
})
afterEach(() => {
  for (const cancel of cancels) cancel()
  hook.remove()
})

/** Loads the module anew, with those of its functions held. */
async function load(...held: readonly (readonly [owner: string, method?: string])[]): Promise<Service> {
  const name = `jobs-${++file}.cjs`
  await writeFile(join(folder, name), SOURCE)
  const targets = held.map(([owner, method]) => ({
    module: `./${name}`,
    ...(method === undefined ? { function: owner } : { class: owner, method }),
  }))
  cancels = holdFunctions(targets, { hook, folder, clock: new VirtualClock(), hold, inHand })
  return createRequire(join(folder, 'service.js'))(`./${name}`) as Service
}
const turns = async () => await new Promise((resolve) => setImmediate(resolve))

test('a call waits as long as the service is held, and is then made as it was', async () => {
  const { Jobs } = await load(['Jobs', 'take'])
  const jobs = new Jobs()
  hold.begin()
  const taken = jobs.take('a')
  await turns()
  expect([jobs.taken, inHand.isNone]).toEqual([[], true])
  hold.end()
  expect([await taken, jobs.taken]).toEqual(['a', ['a']])
  await expect(jobs.take('none')).rejects.toThrow('no job')
})

test('a call that was made before may bring work until it is over', async () => {
  const { Jobs } = await load(['Jobs', 'take'])
  const taken = new Jobs().take('a')
  hold.begin()
  expect(inHand.isNone).toBe(false)
  await taken
  await turns()
  expect([inHand.isNone, inHand.now().count]).toEqual([true, 0])
})

test('when the process is to end calls wait no more, so that the service can end by its own way', async () => {
  const { takeNext } = await load(['takeNext'])
  hold.begin()
  const taken = takeNext('a')
  await turns()
  hold.letGo()
  expect([await taken, await takeNext('b'), hold.isHeld]).toEqual(['a', 'b', true])
})

test('of a function that is not declared with async nothing is held, which is said', async () => {
  const { Jobs } = await load(['Jobs', 'peek'])
  hold.begin()
  expect(await new Jobs().peek('a')).toBe('a')
  expect([...hold.covered]).toEqual([])
  expect(said).toEqual([
    expect.stringMatching(/Jobs\.peek of "control\.holds" is no async function: its calls do not wait while the service is paused$/),
  ])
})

test('what waits is known by its name', async () => {
  await load(['Jobs', 'take'], ['takeNext'])
  expect([...hold.covered].toSorted()).toEqual([`./jobs-${file}.cjs Jobs.take`, `./jobs-${file}.cjs takeNext`])
})

test('what is not there is said', async () => {
  await load(['Jobs', 'grab'])
  expect(said).toEqual([expect.stringMatching(/Jobs\.grab in .* is not held, correct "control\.holds" in health\.config:/)])
})
