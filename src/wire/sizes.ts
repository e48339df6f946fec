/** How large anything on the wire may be: writers cut to it, readers refuse what is larger than a message. */

/** The largest message, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 64 * 1024

/** Characters of a name: an instance, a rule, a unit, a field, a label and its value. */
export const LONGEST_NAME = 128
/** Characters of a text that people read. */
export const LONGEST_TEXT = 1024
/** Entries of a list or record; the rest is left out. */
export const MOST_ENTRIES = 256
/** Labels of one alert; the rest is left out. With names and texts at their longest, an alert still fits into a message. */
export const MOST_LABELS = 8

/** `reserve`: bytes that come to it. */
export function fitsMessage(json: string, reserve: number = 0): boolean {
  const most = MAX_MESSAGE_BYTES - reserve
  // A UTF-16 unit takes 3 bytes at most: most messages need no counting.
  return json.length * 3 <= most || Buffer.byteLength(json) <= most
}

/** What a signature takes. */
export const SIGNATURE_BYTES = 128
