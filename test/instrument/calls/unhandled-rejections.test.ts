/** Rejections of watched functions that nobody, or somebody late, handles: the process goes on or ends as without watching. */
import { execFile } from 'node:child_process'

import { expect, test } from 'vitest'

const WATCH = `import { watchFunction } from ${JSON.stringify(new URL('../../../src/instrument/calls/watch-function.ts', import.meta.url).href)}
import { systemClock } from ${JSON.stringify(new URL('../../../src/clock.ts', import.meta.url).href)}
globalThis.recorded = []
globalThis.wrap = (fn) => watchFunction(fn, { clock: systemClock, onCall: (call) => void recorded.push(call) })`
const PLAIN = 'globalThis.recorded = []; globalThis.wrap = (fn) => fn'
const LISTEN = `process.on('unhandledRejection', (reason, p) => console.log('unhandled', reason.message, p === promise))
process.on('rejectionHandled', (p) => console.log('handled', p === promise))`
const REJECT = "promise = wrap(async () => { await later(); throw new Error('no') })()"

interface Unhandled {
  readonly why: string
  readonly program: string
  readonly args?: readonly string[]
}
const PROGRAMS: readonly Unhandled[] = [
  { why: 'that nobody handles ends the process', program: `${REJECT}; setTimeout(() => console.log('survived'), 400)` },
  {
    why: 'at once that nobody handles ends the process',
    program: `wrap(async () => { throw new Error('no') })(); setTimeout(() => console.log('survived'), 400)`,
  },
  {
    why: 'of a function that is not async ends the process',
    program: `wrap(() => Promise.reject(new Error('no')))(); setTimeout(() => {}, 400)`,
  },
  { why: 'with what is no error ends the process', program: `wrap(async () => { throw undefined })()` },
  { why: 'is told of with its promise', program: `${LISTEN}; ${REJECT}; setTimeout(() => console.log('survived'), 400)` },
  {
    why: 'is told to be handled when it is',
    program: `${LISTEN}; ${REJECT}; setTimeout(() => promise.catch(() => console.log('caught')), 200); setTimeout(() => {}, 400)`,
  },
  {
    why: 'that is handled in time is not told of',
    program: `${LISTEN}; ${REJECT}; await promise.catch(() => console.log('caught')); await later()`,
  },
  {
    why: 'that is handled in the same turn is not told of',
    program: `${LISTEN}; const p = wrap(async () => { throw new Error('no') })(); await null; await null; await p.catch(() => console.log('caught')); await later()`,
  },
  {
    why: 'of a cached promise that somebody else handles is not told of',
    program: `${LISTEN}; promise = later().then(() => { throw new Error('no') }); promise.catch(() => {}); wrap(() => promise)(); setTimeout(() => console.log('survived'), 400)`,
  },
  {
    why: 'of a subclass is told of',
    program: `${LISTEN}; class P extends Promise {}; promise = wrap(() => new P((_, reject) => setTimeout(reject, 5, new Error('no'))))(); setTimeout(() => promise.catch(() => {}), 300); setTimeout(() => {}, 400)`,
  },
  {
    why: 'of a derived promise is told of',
    program: `process.on('unhandledRejection', (reason, p) => console.log(reason.message, p === q)); ${REJECT}; const q = promise.then(() => {}); setTimeout(() => {}, 300)`,
  },
  {
    why: 'is an uncaught exception',
    program: `process.on('uncaughtException', (error, origin) => console.log(error.message, origin)); ${REJECT}; setTimeout(() => console.log('survived'), 400)`,
  },
  {
    why: 'is warned of',
    args: ['--unhandled-rejections=warn'],
    program: `${REJECT}; setTimeout(() => promise.catch(() => {}), 300); setTimeout(() => {}, 400)`,
  },
  { why: 'is ignored', args: ['--unhandled-rejections=none'], program: `${REJECT}; setTimeout(() => console.log('survived'), 400)` },
  {
    why: 'is strict',
    args: ['--unhandled-rejections=strict'],
    program: `${LISTEN}; ${REJECT}; setTimeout(() => console.log('survived'), 400)`,
  },
  {
    why: 'of an async generator nobody asks is told of',
    program: `process.on('unhandledRejection', (reason) => console.log(reason.message)); wrap(async function* () { throw new Error('no') })().next(); setTimeout(() => {}, 300)`,
  },
]

function run({ program, args = [] }: Unhandled, preload: string): Promise<unknown> {
  const text = `${preload}\nimport { setImmediate as later } from 'node:timers/promises'\nlet promise\n${program}`
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...args, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', text],
      (_, stdout, stderr) => {
        // Stacks show one more function; the text of the program has other lines.
        const lines = stderr.split('\n').filter((line) => !/^\s+at |^file:|^\s*\^/.test(line))
        resolve({ code: child.exitCode, stdout, stderr: lines.join('\n').replaceAll(/:\d+|node:\d+|\(node:\d+\)/g, '') })
      },
    )
  })
}

test.for(PROGRAMS)('a rejection $why', async (program) => {
  const [plain, watched] = await Promise.all([run(program, PLAIN), run(program, WATCH)])
  expect(watched).toEqual(plain)
})
