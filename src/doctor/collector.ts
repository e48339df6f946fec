/** What the collector says of itself, where its health_check extension can be reached. */
import { errorText } from './error-text.ts'
import { fail, ok, skip, type Finding } from './finding.ts'

/** Of the extension, unless its configuration says otherwise. */
const PORT = 13_133

/** Milliseconds; where a firewall drops what is sent there, nothing ever comes back. */
const TIMEOUT_MS = 1500

/** `endpoint`: where metrics go; the collector is looked for on the same host. `port`: of the extension. */
export async function checkCollector(endpoint: string | undefined, signal: AbortSignal, port: number = PORT): Promise<Finding> {
  const url = URL.parse(endpoint ?? 'http://localhost:4318')
  if (!url?.hostname) return skip('collector', 'the endpoint names no host')
  const address = `${url.hostname}:${port}`
  try {
    const { status } = await fetch(`http://${address}/`, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
    if (status < 300) return ok('collector', `${address} says that the collector is well`)
    if (status === 503) {
      return fail(
        'collector',
        `${address} says that the collector is not available`,
        'Look at its log: a pipeline of it could not start, or it is ending.',
      )
    }
    return skip('collector', `${address} answers ${status}: that is not the health_check extension of a collector`)
  } catch (error) {
    const why = errorText(error) === 'ECONNREFUSED' ? 'nothing listens' : 'nothing answers'
    return skip('collector', `${why} at ${address}; the health_check extension of a collector would tell how it is`)
  }
}
