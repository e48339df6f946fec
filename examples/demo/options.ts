import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** Ends by itself after so many seconds. */
  readonly seconds: number | undefined
  /** A screen that is drawn again and again; else plain lines, one after the other. */
  readonly screen: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Throws one sentence if the arguments can't be understood. */
export function readOptions(args: readonly string[], env: Environment, isTerminal: boolean): DemoOptions {
  return { seconds: readSeconds(args), screen: isTerminal && !env['CI'] && !env['NO_COLOR'] && env['TERM'] !== 'dumb' }
}

function readSeconds(args: readonly string[]): number | undefined {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string' } },
    strict: false,
    tokens: true,
  })
  const unknown = tokens.find((token) => token.kind !== 'option' || token.name !== 'seconds')
  if (unknown) {
    const given = unknown.kind === 'option' ? unknown.rawName : unknown.kind === 'positional' ? unknown.value : '--'
    throw new Error(`The argument ${JSON.stringify(given)} is not known; there is --seconds <number>, as in "npm start -- --seconds 60".`)
  }
  const { seconds: text } = values
  if (text === undefined) return undefined
  const seconds = Number(text)
  if (typeof text === 'string' && seconds > 0 && seconds <= 86_400) return seconds
  const given = typeof text === 'string' ? `is ${JSON.stringify(text)}` : 'has no value'
  throw new Error(`--seconds ${given}, expected a number above 0 and at most 86400.`)
}
