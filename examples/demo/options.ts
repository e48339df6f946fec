import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** Ends by itself after so many seconds. */
  readonly seconds: number | undefined
  /** All services instead of the fetcher alone. */
  readonly all: boolean
  /** A screen that is drawn again and again; else plain lines, one after the other. */
  readonly screen: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const OPTIONS = { seconds: { type: 'string' }, all: { type: 'boolean' } } as const

/** Throws one sentence if the arguments can't be understood. */
export function readOptions(args: readonly string[], env: Environment, isTerminal: boolean): DemoOptions {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true })
  const unknown = tokens.find((token) => token.kind !== 'option' || !Object.hasOwn(OPTIONS, token.name))
  if (unknown) {
    const given = unknown.kind === 'option' ? unknown.rawName : unknown.kind === 'positional' ? unknown.value : '--'
    throw new Error(
      `The argument ${JSON.stringify(given)} is not known; there are --all and --seconds <number>, as in "npm start -- --all --seconds 60".`,
    )
  }
  const { all = false } = values
  if (typeof all !== 'boolean') throw new Error(`--all is ${JSON.stringify(all)}, expected no value.`)
  return {
    seconds: readSeconds(values.seconds),
    all,
    screen: isTerminal && !env['CI'] && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  }
}

function readSeconds(text: string | boolean | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (typeof text === 'string' && seconds > 0 && seconds <= 86_400) return seconds
  const given = typeof text === 'string' ? `is ${JSON.stringify(text)}` : 'has no value'
  throw new Error(`--seconds ${given}, expected a number above 0 and at most 86400.`)
}
