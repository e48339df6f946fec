import { expect, test } from 'vitest'

import { HandedJobs } from '../../../src/instrument/queues/handed-jobs.ts'

test('a job is taken back once, by queue and id', () => {
  const jobs = new HandedJobs()
  jobs.hand('mail', '1', { at: 5 })
  jobs.hand('mail', '2', { at: 6 })
  expect([jobs.take('mail', '1'), jobs.take('mail', '1'), jobs.take('other', '2'), jobs.isEmpty]).toEqual([
    { at: 5 },
    undefined,
    undefined,
    false,
  ])
  expect([jobs.take('mail', '2'), jobs.isEmpty]).toEqual([{ at: 6 }, true])
})

test('jobs that are never ended are forgotten, the oldest first', () => {
  const forgotten: number[] = []
  const jobs = new HandedJobs(({ at }) => forgotten.push(at))
  for (let id = 0; id < 10_001; id++) jobs.hand('mail', String(id), { at: id })
  expect([jobs.take('mail', '0'), jobs.take('mail', '1'), jobs.take('mail', '10000')]).toEqual([undefined, { at: 1 }, { at: 10_000 }])
  expect(forgotten).toEqual([0])
})
