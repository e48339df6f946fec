/** How far the record of transitions goes, as the server says. */
import type { ShardNames } from '../wire/names.ts'
import type { Ask } from './redis-questions.ts'

export interface Position {
  /** `null` before the first transition of all. */
  readonly epoch: string | null
  /** Of the last transition. */
  readonly seq: number
  /** Its entry in the stream. */
  readonly id: string
}

export const BEGINNING: Position = { epoch: null, seq: 0, id: '0-0' }

const FIELDS = ['epoch', 'seq', 'ms'] as const
/** Characters: an epoch is an instance and a time. */
const LONGEST = 256

/** A text: why it cannot be read, half a sentence. */
export async function readPosition(ask: Ask, { meta }: ShardNames): Promise<Position | string> {
  const sizes = await ask(FIELDS.map((field) => ['hstrlen', meta, field]))
  for (const { value, refused } of sizes) {
    if (refused !== undefined) return refused
    if (Number(value) > LONGEST) return 'holds a field that is too large'
  }
  const [answer] = await ask([['hmget', meta, ...FIELDS]])
  if (answer!.refused !== undefined) return answer!.refused
  const [epoch, seqText, ms] = answer!.value as (string | null)[]
  const seq = Number(seqText ?? 0)
  if (!Number.isSafeInteger(seq) || seq < 0) return 'holds a sequence number that is none'
  if (epoch === null || epoch === undefined) return BEGINNING
  return { epoch, seq, id: /^\d{1,15}$/.test(ms ?? '') ? `${ms}-${seq}` : '0-0' }
}

/** Of two ids of stream entries, whether the first comes after the second. */
export function isAfter(id: string, other: string): boolean {
  const [ms, n] = parts(id)
  const [otherMs, otherN] = parts(other)
  return ms === otherMs ? n > otherN : ms > otherMs
}

function parts(id: string): readonly [number, number] {
  const [ms, n] = id.split('-')
  return [Number(ms), Number(n)]
}
