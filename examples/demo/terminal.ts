import { lengthOf, paint, type Line } from './line.ts'

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'

export interface TerminalOptions {
  readonly output: NodeJS.WriteStream
  readonly input: NodeJS.ReadStream
  /** What to show now, for so many columns and rows. */
  readonly lines: (size: { columns: number; rows: number }) => readonly Line[]
  readonly onKey: (key: string) => void
}

/** A screen of its own, so that leaving it gives back what the terminal showed before. Draws over what is there: nothing flickers. */
export class Terminal {
  /** Whether keys arrive here. */
  readonly keys: boolean
  readonly #options: TerminalOptions
  readonly #timer: NodeJS.Timeout
  #last = ''
  #open = true

  constructor(options: TerminalOptions) {
    const { output, input, onKey } = options
    this.#options = options
    this.keys = input.isTTY
    if (this.keys) {
      input.setRawMode(true)
      input.setEncoding('utf8').on('data', (text) => {
        // Arrow and function keys come as escape sequences with digits in them.
        if (!String(text).startsWith('\x1b')) for (const key of String(text)) onKey(key)
      })
    }
    output.write(ENTER)
    output.on('resize', () => {
      this.#last = ''
      this.draw()
    })
    // However this process ends, the terminal must be usable afterwards.
    process.once('exit', () => this.close())
    this.#timer = setInterval(() => this.draw(), 250)
    this.draw()
  }

  draw(): void {
    if (!this.#open) return
    const { output, lines } = this.#options
    const { columns, rows } = output
    // At the end of a full line the cursor stands on its last character, which would be cleared.
    const frame = lines({ columns, rows }).map((line) => `${paint(line, columns)}${lengthOf(line) < columns ? '\x1b[K' : ''}`)
    const text = `\x1b[H${frame.join('\r\n')}\x1b[J`
    if (text === this.#last) return
    this.#last = text
    output.write(text)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    clearInterval(this.#timer)
    if (this.keys) {
      this.#options.input.setRawMode(false)
      this.#options.input.pause()
    }
    this.#options.output.write(LEAVE)
  }
}
