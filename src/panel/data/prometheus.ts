/** Questions to a Prometheus over a time. */
import { isFields, isListOf } from '../../wire/fields.ts'

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** Epoch milliseconds, and `null` for what is no number. */
  readonly points: readonly (readonly [at: number, value: number | null])[]
}

export interface Range {
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
  readonly stepSeconds: number
}

const TIMEOUT_MS = 10_000
const LARGEST_ANSWER = 16_000_000

export class Prometheus {
  readonly #url: URL
  readonly #headers: Readonly<Record<string, string>>

  /** Throws one sentence if it is no http address. User and password in it are sent with each question. */
  constructor(url: string) {
    const given = URL.canParse(url) ? new URL(url) : undefined
    if (!given || !/^https?:$/.test(given.protocol)) {
      throw new Error('HEALTH_PROMETHEUS_URL is no address of a Prometheus, expected one such as http://prometheus:9090.')
    }
    const { username, password } = given
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
    this.#headers = username === '' ? {} : { authorization: `Basic ${credentials}` }
    given.username = ''
    given.password = ''
    if (!given.pathname.endsWith('/')) given.pathname += '/'
    this.#url = given
  }

  /** Rejects with one sentence that names no credential. */
  async range(query: string, { from, to, stepSeconds }: Range): Promise<readonly Series[]> {
    const asked = { query, start: String(from / 1000), end: String(to / 1000), step: String(stepSeconds) }
    const answer = await this.#ask(new URLSearchParams(asked))
    const data = isFields(answer) && answer['status'] === 'success' ? answer['data'] : undefined
    const result = isFields(data) ? data['result'] : undefined
    if (!isListOf(result, isSeries)) throw new Error(`Prometheus at ${this.#url.host} answers something that is no range of series.`)
    return result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([seconds, text]) => [Math.round(seconds * 1000), numberOf(text)] as const),
    }))
  }

  async #ask(body: URLSearchParams): Promise<unknown> {
    const { host } = this.#url
    const address = new URL('api/v1/query_range', this.#url)
    let response: Response
    try {
      response = await fetch(address, {
        method: 'POST',
        body,
        headers: this.#headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'manual',
      })
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'TimeoutError'
      throw new Error(
        isLate ? `Prometheus at ${host} has not answered within ${TIMEOUT_MS / 1000} s.` : `Prometheus at ${host} cannot be reached.`,
        {
          cause: error,
        },
      )
    }
    if (!response.ok) throw new Error(`Prometheus at ${host} answers ${response.status} to a question about trends.`)
    try {
      return JSON.parse(await limitedText(response)) as unknown
    } catch (error) {
      throw new Error(`Prometheus at ${host} does not answer in JSON, or with too much of it.`, { cause: error })
    }
  }
}

async function limitedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > LARGEST_ANSWER) throw new Error('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

interface RawSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [seconds: number, value: string])[]
}

function isSeries(value: unknown): value is RawSeries {
  return (
    isFields(value) &&
    isFields(value['metric']) &&
    Object.values(value['metric']).every((label) => typeof label === 'string') &&
    isListOf(value['values'], isPair)
  )
}

function isPair(value: unknown): value is readonly [number, string] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string'
}

function numberOf(text: string): number | null {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}
