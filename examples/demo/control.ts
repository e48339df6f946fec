import type { FaultSettings } from '../simulators/faults.ts'
import type { ActiveFault } from './fault-keys.ts'

export interface ListedFault {
  readonly name: string
  readonly does: string
  readonly active: boolean
  readonly settings: FaultSettings
  readonly since: number | null
}

const TIMEOUT_MS = 2000

/** Client of the simulators' control server. Every method rejects with a sentence for people. */
export class Control {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async faults(): Promise<readonly ListedFault[]> {
    return (await this.#request('GET', '/faults')) as readonly ListedFault[]
  }

  async active(): Promise<readonly ActiveFault[]> {
    const faults = await this.faults()
    return faults.filter(({ active }) => active).map(({ name, settings, since }) => ({ name, settings, since: since ?? Date.now() }))
  }

  async on(name: string, settings: FaultSettings): Promise<void> {
    await this.#request('PUT', `/faults/${encodeURIComponent(name)}`, settings)
  }

  async off(name: string): Promise<void> {
    await this.#request('DELETE', `/faults/${encodeURIComponent(name)}`)
  }

  /** Somebody enters the code that the trusted device shows; Apple then wants none any more. */
  async submitCode(): Promise<void> {
    await this.#request('POST', '/accounts/submit-code')
    await this.off('auth.2fa')
  }

  async #request(method: string, path: string, body?: object): Promise<unknown> {
    let response: Response
    let answer: unknown
    try {
      response = await fetch(this.#url + path, {
        method,
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      answer = await response.json()
    } catch (error) {
      throw new Error(`The simulators' control server at ${this.#url} does not answer.`, { cause: error })
    }
    if (response.ok) return answer
    throw new Error((answer as { error?: string }).error ?? `The control server answered ${response.status}.`)
  }
}
