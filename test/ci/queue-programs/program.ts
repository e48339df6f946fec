/**
 * Services that do a hundred jobs with a queue library as its manual has it; ten of them fail the first time. Bodies of programs that node
 * runs; what they print is the truth.
 */

/** What every program has: `handle(n)` does job n and prints how it ended. */
export const HANDLER = `
const failedOnce = new Set()
const counts = { ended: 0 }
async function handle(n) {
  await new Promise((resolve) => setImmediate(resolve))
  counts.ended++
  if (n % 10 === 3 && !failedOnce.has(n)) {
    failedOnce.add(n)
    console.log('failed', n)
    throw n === 3 ? new Error('no ' + n) : Object.assign(new Error('no ' + n), { code: 'E_NO' })
  }
  console.log('done', n)
  return 'result ' + n
}
async function jobsEnded(count) {
  while (counts.ended < count) await new Promise((resolve) => setTimeout(resolve, 5))
}
`
/** Codes or messages of what a service has thrown ten times. */
export const THROWN: readonly string[] = ['no 3', ...Array.from({ length: 9 }, () => 'E_NO')]

export interface Program {
  readonly library: string
  readonly why: string
  /** Packages that the program loads, by the name that it has them under. */
  readonly loads: Readonly<Record<string, string>>
  readonly body: string
  /** The name under which the work is told. */
  readonly queue: string
  /** How many attempts did not fail: 100 where a failed job comes again. */
  readonly ok: number
  /** Of the ten that failed. */
  readonly errors: readonly string[]
  /** Of the queue when all is done; `undefined`: there is none. */
  readonly reading?: object
  /** Whether jobs end in the order in which they were added, each time. */
  readonly keepsOrder: boolean
}
