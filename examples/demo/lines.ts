import { asArguments } from './fault-keys.ts'
import type { FeedEntry } from './feed.ts'
import type { Watched } from './watched.ts'
import { clockTime } from './wording.ts'

/** What happens as plain lines, for logs and pipes. */
export class Lines {
  readonly #watched: Watched
  readonly #write: (line: string) => void

  constructor(watched: Watched, write: (line: string) => void) {
    this.#watched = watched
    this.#write = write
  }

  news({ at, source, text }: FeedEntry): void {
    this.#line(at, source, text)
  }

  parts(): void {
    const now = Date.now()
    const { shown, tries } = this.#watched
    for (const { name, address, detail } of shown.parts) this.#line(now, 'runs', `${name} ${address}${detail ? ` (${detail})` : ''}`)
    for (const { fault, settings, title, seen } of tries) {
      this.#line(now, 'try', `npm run fault -- ${[fault, 'on', ...asArguments(settings)].join(' ')}   ${title}: ${seen}`)
    }
  }

  figures(): void {
    const now = Date.now()
    for (const [word, text] of this.#watched.figures(now)) this.#line(now, word, text)
  }

  #line(at: number, source: string, text: string): void {
    this.#write(`${clockTime(at)} ${source.padEnd(8)} ${text}`)
  }
}
