import { expect, test } from 'vitest'
import { WorkLine } from '../../src/subscribe/work-line.ts'

function line() {
  const done: string[] = []
  const failed: unknown[] = []
  let fails = 0
  const slow: PromiseWithResolvers<void>[] = []
  const work = new WorkLine(
    {
      urgent: async () => {
        if (fails-- > 0) throw new Error('away')
        done.push('urgent')
      },
      long: async (urgent) => {
        for (const part of [1, 2]) {
          done.push(`part ${part}`)
          const wait = Promise.withResolvers<void>()
          slow.push(wait)
          await wait.promise
          await urgent()
        }
        done.push('long')
      },
    },
    () => {},
    (error) => failed.push(error),
  )
  return { work, done, failed, slow, failNext: (times: number) => (fails = times) }
}

/** Until everything that can go on has done so. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what is urgent is done between the parts of what is long, and once however often it was asked for', async () => {
  const { work, done, slow } = line()
  const long = work.want('long')
  const urgent = Promise.all([work.want('urgent'), work.want('urgent')])
  slow[0]!.resolve()
  await urgent
  expect(done).toEqual(['part 1', 'urgent', 'part 2'])
  await settled()
  slow[1]!.resolve()
  await long
  expect(done).toEqual(['part 1', 'urgent', 'part 2', 'long'])
})

test('what was asked for while it is done is done once more', async () => {
  const { work, done, slow } = line()
  void work.want('long')
  const again = work.want('long')
  for (let i = 0; i < 4; i++) {
    await settled()
    slow[i]?.resolve()
  }
  await again
  expect(done.filter((each) => each === 'long')).toHaveLength(2)
})

test('what failed is still wanted, keeps nobody waiting, and is done when something is asked for again', async () => {
  const { work, done, failed, slow, failNext } = line()
  const long = work.want('long')
  failNext(1)
  const urgent = work.want('urgent')
  slow[0]!.resolve()
  await Promise.all([long, urgent])
  expect(failed).toHaveLength(1)
  expect(done).toEqual(['part 1'])
  const again = work.want('urgent')
  await settled()
  for (let i = 1; i < 3; i++) {
    slow[i]!.resolve()
    await settled()
  }
  await again
  expect(done).toEqual(['part 1', 'urgent', 'part 1', 'part 2', 'long'])
})
