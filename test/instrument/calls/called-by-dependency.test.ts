/** Who calls a function, told by where the caller is. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { isCalledByDependency } from '../../../src/instrument/calls/called-by-dependency.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-'))
})
afterAll(() => rm(folder, { recursive: true }))

type Call = (called: () => boolean, via?: Call) => boolean

/** What a file of this path, loaded by node itself, exports to call a function, or to have it called. */
async function callerIn(path: string): Promise<Call> {
  const file = join(folder, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, 'export const call = (called, via = (each) => each()) => via(called)')
  const { call } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { call: Call }
  return call
}

function called(): boolean {
  return isCalledByDependency(called, 'queue')
}

test.for([
  { why: 'a file of the service', path: 'service.mjs', isDependency: false },
  { why: 'a package', path: 'node_modules/client/index.mjs', isDependency: true },
  { why: 'a package within a package', path: 'node_modules/client/node_modules/deep/index.mjs', isDependency: true },
  { why: 'a package with a scope', path: 'node_modules/@scope/client/index.mjs', isDependency: true },
])('it is called by $why', async ({ path, isDependency }) => {
  const call = await callerIn(path)
  expect(call(called)).toBe(isDependency)
})

test('a call from within the package is the call of whoever called that', async () => {
  const within = await callerIn('node_modules/queue/index.mjs')
  const [service, client] = [await callerIn('main.mjs'), await callerIn('node_modules/other/index.mjs')]
  expect(service(called, within)).toBe(false)
  expect(client(called, within)).toBe(true)
})

test.for([
  { why: 'is no text', prepare: () => [] },
  {
    why: 'cannot be had',
    prepare: () => {
      throw new Error('no stack')
    },
  },
])('where the stack $why the service has called, and its limit is as it was', async ({ prepare }) => {
  const call = await callerIn('node_modules/client/index.mjs')
  const { stackTraceLimit } = Error
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
  Error.prepareStackTrace = prepare
  try {
    expect(call(called)).toBe(false)
  } finally {
    if (before) Object.defineProperty(Error, 'prepareStackTrace', before)
    else Reflect.deleteProperty(Error, 'prepareStackTrace')
  }
  expect(Error.stackTraceLimit).toBe(stackTraceLimit)
})
