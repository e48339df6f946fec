/**
 * Text that came over the wire, made fit for a terminal or a line of JSON. Anybody may publish, and a control character may steer the
 * terminal, a bidirectional one turn round what stands beside it, a character without width hide in a name.
 */
import { stripVTControlCharacters } from 'node:util'

/** Control characters, and those that end a line for some who read. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]+/gu
/** Characters that are not seen themselves: bidirectional ones, those without width, tags. */
const UNSEEN = /\p{Cf}+/gu
const UNCLEAN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** One line in which every character is seen as itself. */
export function cleanText(text: string): string {
  if (!UNCLEAN.test(text)) return text.toWellFormed()
  return stripVTControlCharacters(text).replaceAll(CONTROL, ' ').replaceAll(UNSEEN, '').toWellFormed()
}

/** The lines of our own stay lines. */
export function cleanLines(text: string): string {
  return text.split('\n').map(cleanText).join('\n')
}

/** JSON on one line that means the same, with what is cleaned from texts written as escapes. */
export function cleanJson(value: unknown): string {
  const json = JSON.stringify(value)
  return UNCLEAN.test(json) ? json.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped) : json
}

function escaped(character: string): string {
  let escapes = ''
  for (let i = 0; i < character.length; i++) escapes += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  return escapes
}
