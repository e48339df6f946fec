import { expect, test } from 'vitest'

import { unseenWork, type UnseenFacts } from '../../src/zero-code/unseen-work.ts'

const facts = (change: Partial<UnseenFacts>): UnseenFacts => ({
  ...{ loaded: [], seen: new Set(['bullmq']), configured: 'nothing', script: '/app/src/mailer.js', ...change },
})

test.for([
  {
    why: 'nothing of it is known',
    change: {},
    said: {
      why: 'no source of work is watched',
      warning:
        "otel-health: no source of work is watched, so that its rates are unknown. Name the function that does the work in health.config: methods: [{ module: './mailer.js', function: 'handleJob', records: 'attempt' }]; or say that there is none: methods: []",
    },
  },
  {
    why: 'it has loaded a library that is not seen',
    change: { loaded: ['bullmq', 'rsmq'] },
    said: {
      why: 'no source of work is watched: rsmq is loaded, and what is done with it is not seen',
      warning:
        "otel-health: no source of work is watched: rsmq is loaded, and what is done with it is not seen, so that its rates are unknown. Name the function that does the work in health.config: methods: [{ module: './mailer.js', function: 'handleJob', records: 'attempt' }]",
    },
  },
  {
    why: 'it has loaded many',
    change: { loaded: ['a', 'b', 'c', 'd', 'e'] },
    said: {
      why: 'no source of work is watched: a, b, c and 2 more are loaded, and what is done with them is not seen',
      warning: expect.stringContaining('a, b, c and 2 more') as string,
    },
  },
  {
    why: 'it adds jobs of a library whose workers are seen, and has none',
    change: { loaded: ['bullmq'] },
    said: { why: 'no worker of bullmq runs here', isIdle: true },
  },
  {
    why: 'health.config says that there is none',
    change: { configured: 'none', loaded: ['rsmq'] },
    said: { why: 'no source of work is watched: health.config says that there is none', isIdle: true },
  },
  {
    why: 'what health.config names was not loaded, which has been said',
    change: { configured: 'attempts', loaded: ['rsmq'] },
    said: { why: 'no source of work is watched: nothing of what health.config calls an attempt is loaded' },
  },
] as const)('a service of which no work is seen, and $why', ({ change, said }) => {
  expect(unseenWork(facts(change))).toEqual({ sources: 0, ...said })
})
