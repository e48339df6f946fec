/** Who does something, and why: as everybody reads it afterwards. */
import { cleanText } from '../wire/clean-text.ts'
import { ControlError } from './control-error.ts'

export interface Said {
  /** Who does it. */
  readonly by: string
  readonly why: string
  /** From where, as the record says; default: as HealthControl was made. */
  readonly from?: string
}

const LONGEST_NAME = 64
const LONGEST_WHY = 500
const LONGEST_FROM = 128

/** Without what steers a terminal or hides. Throws a ControlError where nobody is named, or no reason. */
export function checkedSaid({ by: who, why: reason, from }: Said): Said {
  const [by, why] = [cleanText(who).trim(), cleanText(reason).trim()]
  if (by === '') throw new ControlError('asked', 'Nobody is named who does it, expected a name: it is recorded.')
  if (why === '') throw new ControlError('asked', 'There is no reason given, expected a few words for those who read of it later.')
  if (by.length > LONGEST_NAME || why.length > LONGEST_WHY) {
    throw new ControlError('asked', `Name and reason are too long, expected at most ${LONGEST_NAME} and ${LONGEST_WHY} characters.`)
  }
  return { by, why, ...(from !== undefined && { from: cleanFrom(from) }) }
}

/** From where, in the form in which it is recorded. */
export function cleanFrom(from: string): string {
  return cleanText(from).slice(0, LONGEST_FROM).toWellFormed()
}
