/** Ids of the alert stream: `<ms>-<seq>`, where seq is the number of the transition. Pure. */

/** Before every entry. */
export const BEGINNING = '0-0'

const ID = /^(\d{1,16})-(\d{1,16})$/

export function isStreamId(text: string): boolean {
  return ID.test(text)
}

/** Number of the transition; 0 for what is no id. */
export function seqOf(id: string): number {
  return Number(ID.exec(id)?.[2] ?? 0)
}

/** As the stream orders them. */
export function isAfter(a: string, b: string): boolean {
  const [left, right] = [ID.exec(a), ID.exec(b)]
  if (!left || !right) return left !== null && right === null
  return Number(left[1]) - Number(right[1]) > 0 || (left[1] === right[1] && Number(left[2]) > Number(right[2]))
}

export interface StreamEnds {
  /** Id of the oldest entry, of the newest; '' where there is none. */
  readonly oldest: string
  readonly newest: string
  /** Number of the last transition. */
  readonly seq: number
}

/** How many transitions after `after` have been trimmed before they were read; 0 for none. */
export function trimmedAfter(after: string, { oldest, seq }: StreamEnds): number {
  if (oldest === '') return Math.max(seq - seqOf(after), 0)
  return isAfter(oldest, after) ? Math.max(seqOf(oldest) - seqOf(after) - 1, 0) : 0
}

/** Where a reader stands that is done with all there is; `after`: where it stood. The newest entry may have been trimmed. */
export function endOf({ newest, seq }: StreamEnds, after: string = BEGINNING): string {
  return newest === '' ? `${ID.exec(after)?.[1] ?? 0}-${seq}` : newest
}
