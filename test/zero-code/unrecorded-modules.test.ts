import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { entryUrl, unrecordedModules } from '../../src/zero-code/unrecorded-modules.ts'

const MAIN = 'file:///app/main.js'
const NOTHING = { labels: [], before: [], running: [], seen: [MAIN, 'file:///app/worker.js'] }
const START = 'otel-health: what "methods" in health.config names of'
const IN_TIME = 'start the service with node --import otel-health/register, for what is loaded before that is not seen'

describe('why nothing is recorded of a module', () => {
  test.for([
    { why: 'nothing is missing', missing: [], unmatched: NOTHING, said: [] },
    {
      why: 'nobody loaded it',
      missing: ['./a.js', './b.js'],
      unmatched: { ...NOTHING, labels: ['./a.js', './b.js'] },
      said: [
        `${START} ./a.js, ./b.js is not recorded so far: nobody in this process has loaded it; loaded were: ${MAIN}, file:///app/worker.js`,
      ],
    },
    {
      why: 'it is loaded, and still at its start',
      missing: ['./worker.js'],
      unmatched: { ...NOTHING, running: ['./worker.js'] },
      said: [
        `${START} ./worker.js is not recorded, or not all of it: it is loaded, but its own start has come neither to an end nor to that`,
      ],
    },
    {
      why: 'it was required before otel-health was',
      missing: ['./worker.cjs'],
      unmatched: { ...NOTHING, labels: ['./worker.cjs'], before: ['./worker.cjs'] },
      said: [`${START} ./worker.cjs is not recorded, and will not be: it was loaded before otel-health was; ${IN_TIME}`],
    },
    {
      why: 'the script itself was loaded before otel-health was, and with it what it imports',
      missing: ['./worker.js'],
      unmatched: { ...NOTHING, labels: ['./worker.js'], seen: [] },
      said: [
        `${START} ./worker.js is not recorded so far: nobody has loaded it since otel-health was, and ${MAIN} was loaded before; ${IN_TIME}`,
      ],
    },
    {
      why: 'one of each',
      missing: ['./a.js', './b.js', './c.js'],
      unmatched: { ...NOTHING, labels: ['./a.js', './c.js'], before: ['./c.js'], running: ['./b.js'], seen: [MAIN] },
      said: [
        `${START} ./b.js is not recorded, or not all of it: it is loaded, but its own start has come neither to an end nor to that`,
        `${START} ./c.js is not recorded, and will not be: it was loaded before otel-health was; ${IN_TIME}`,
        `${START} ./a.js is not recorded so far: nobody in this process has loaded it; loaded were: ${MAIN}`,
      ],
    },
  ])('$why', ({ missing, unmatched, said }) => {
    expect(unrecordedModules({ missing, unmatched, entry: MAIN })).toEqual(said)
  })

  test('without a script, as by --eval, nothing was loaded before', () => {
    const unmatched = { ...NOTHING, labels: ['./a.js'], seen: [] }
    expect(unrecordedModules({ missing: ['./a.js'], unmatched, entry: undefined })).toEqual([
      `${START} ./a.js is not recorded so far: nobody in this process has loaded it; loaded were: none`,
    ])
  })
})

test('a script is known by the URL it is loaded by, also without its extension', () => {
  const { url } = import.meta
  expect(entryUrl(fileURLToPath(url))).toBe(url)
  expect([entryUrl(undefined), entryUrl('/no/such/script.js')]).toEqual([undefined, undefined])
})
