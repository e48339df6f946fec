/** By what the errors of a client are told apart, whatever library throws them. */

/** An error, and what caused it, and so on. */
const DEPTH = 4

type Fields = Readonly<Record<string, unknown>>

/**
 * Codes and statuses first, then the names of its class and of those it extends; then those of its cause. `status` and `statusCode` are also
 * looked for where axios and got (`response`), and the AWS SDK (`$metadata.httpStatusCode`) have them. Never throws.
 */
export function marksOf(error: unknown): readonly string[] {
  const marks = new Set<string>()
  try {
    let each = error
    for (let depth = 0; depth < DEPTH && isObject(each); depth++) {
      const { response, $metadata } = each
      for (const mark of [...codesOf(each), ...codesOf(response), ...codesOf($metadata), ...namesOf(each)]) marks.add(mark)
      each = each['cause']
    }
  } catch {
    // A getter that throws hides the rest of them.
  }
  return [...marks]
}

function codesOf(value: unknown): readonly string[] {
  if (!isObject(value)) return []
  const { code, status, statusCode, httpStatusCode } = value
  // The code of a DOMException is a number that nobody knows, such as 20.
  const codes = value instanceof DOMException ? [] : [code]
  return [...codes, status, statusCode, httpStatusCode].filter(isCode).map(String)
}

function namesOf(value: Fields): readonly string[] {
  const names: unknown[] = [value['name']]
  for (let made: unknown = Object.getPrototypeOf(value); isObject(made); made = Object.getPrototypeOf(made)) {
    const { constructor } = made
    if (constructor === Error || constructor === Object) break
    if (typeof constructor === 'function') names.push(constructor.name)
  }
  return names.filter((name): name is string => typeof name === 'string' && name !== '' && name !== 'Error')
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function isCode(code: unknown): code is string | number {
  return (typeof code === 'string' && code !== '') || Number.isInteger(code)
}
