/** The head of one HTTP/1 request, read strictly: of what may be asked here nothing needs more. Pure. */

export interface RequestHead {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly authorization?: string
}

/** Bytes; more than any client sends that has no business elsewhere. */
export const LONGEST_HEAD = 8192

const END = '\r\n\r\n'
const REQUEST_LINE = /^([A-Z]{1,16}) (\/[!-~]*) HTTP\/1\.[01]$/
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([ \t\u0021-\u007e\u0080-\u00ff]*)$/

/** `text`: what has come so far, a character for each byte. `incomplete`: more is to come; else the status with which it is refused. */
export function readHead(text: string): RequestHead | 'incomplete' | 400 | 431 {
  const end = text.indexOf(END)
  if (end > LONGEST_HEAD || (end < 0 && text.length > LONGEST_HEAD)) return 431
  if (end < 0) return 'incomplete'
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const [, method, target] = REQUEST_LINE.exec(first) ?? []
  if (method === undefined || target === undefined) return 400
  let authorization: string | undefined
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? []
    if (name === undefined) return 400
    if (name.toLowerCase() !== 'authorization') continue
    // Of two nobody knows which is meant.
    if (authorization !== undefined) return 400
    authorization = value!.trimEnd()
  }
  return { method, path: target.split('?', 1)[0]!, ...(authorization !== undefined && { authorization }) }
}
