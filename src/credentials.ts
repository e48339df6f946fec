/**
 * What may be shown or published of a text that may hold a URL: user and password in it become `***`, and so do the values of its query
 * that are called as secrets are. Whoever wrote `redis://:pass/word@host` meant a password too, so that more is hidden than a parser of
 * URLs would find. Never throws, and takes time in proportion to the text.
 */

const HIDDEN = '***'

const BEGINS_A_URL = /^\s*[a-z][a-z0-9+.-]*:\/\//i

const SECRET_IN_QUERY = /([?&;][^\s=&?;]{0,64}?(?:pass|pwd|token|secret|key|auth|sig)[^\s=&?;]{0,64}=)[^\s&;"'#]+/gi

/** A text with other words around it, such as the message of an error. */
export function maskedText(text: string): string {
  if (!text.includes('//') && !text.includes('=')) return text
  // What begins as a URL is one, blanks included.
  const words = BEGINS_A_URL.test(text) ? [text] : text.split(/(\s+)/)
  return words
    .map((word) => withoutUser(word))
    .join('')
    .replaceAll(SECRET_IN_QUERY, `$1${HIDDEN}`)
}

/** A text that is one value: it may hold blanks, and `user:password@host` without a scheme. */
export function maskedValue(value: string): string {
  const at = value.lastIndexOf('@')
  const slashes = value.indexOf('//')
  if (at < 0 || value.startsWith('file:')) return maskedText(value)
  if (slashes >= 0 && slashes < at) return maskedText(`${value.slice(0, slashes)}//${HIDDEN}${value.slice(at)}`)
  return maskedText(value.lastIndexOf(':', at) >= 0 ? `${HIDDEN}${value.slice(at)}` : value)
}

export function hasCredentials(text: string): boolean {
  const url = BEGINS_A_URL.test(text) ? URL.parse(text) : null
  if (!url) return maskedText(text) !== text
  return url.username !== '' || url.password !== '' || text.search(SECRET_IN_QUERY) >= 0
}

/** From a `//` that user and password follow up to their `@`. */
function withoutUser(word: string): string {
  const last = word.lastIndexOf('@')
  let shown = ''
  let done = 0
  for (let slashes = word.indexOf('//'); slashes >= 0 && slashes < last; slashes = word.indexOf('//', Math.max(slashes + 2, done))) {
    const begin = slashes + 2
    // What ends the authority by the rules; a colon in it begins a port or a password.
    const length = word.slice(begin).search(/[/?#]/)
    const authority = length < 0 ? word.slice(begin) : word.slice(begin, begin + length)
    const at = authority.includes(':') ? last : begin + authority.lastIndexOf('@')
    if (at < begin) continue
    shown += `${word.slice(done, begin)}${HIDDEN}`
    done = at
  }
  return shown + word.slice(done)
}
