/** Somebody who looks at the panel, as a browser does: the live stream, and the bars of the services on the screen. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

import { systemClock } from '../src/clock.ts'
import type { Cancel } from '../src/types.ts'

/** How often the bars are asked for. */
const BARS_MS = 30_000

export class PanelLooker {
  readonly seen = { now: 0, change: 0, transition: 0, bytes: 0 }
  readonly #url: string
  readonly #services: readonly string[]
  #stream: IncomingMessage | undefined
  #cancel: Cancel | undefined

  /** `url` of the panel, with a slash at its end. `services`: those on the screen. */
  constructor(url: string, services: readonly string[]) {
    this.#url = url
    this.#services = services
  }

  async begin(): Promise<void> {
    const [stream] = (await once(get(new URL('api/live', this.#url)), 'response')) as [IncomingMessage]
    if (stream.statusCode !== 200) throw new Error(`The live stream is answered with ${stream.statusCode}.`)
    this.#stream = stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      this.seen.bytes += text.length
      for (const [, event] of text.matchAll(/^event: (now|change|transition)$/gm)) this.seen[event as 'now' | 'change' | 'transition']++
    })
    await this.#askForBars()
    this.#cancel = systemClock.every(BARS_MS, () => void this.#askForBars())
  }

  stop(): void {
    this.#cancel?.()
    this.#stream?.destroy()
  }

  async #askForBars(): Promise<void> {
    const url = new URL('api/bars', this.#url)
    for (const service of this.#services) url.searchParams.append('service', service)
    const response = await fetch(url)
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`Bars are answered with ${response.status}.`)
  }
}
