/** What `otel-health run` takes, before the `--` and after it. */
import { timeSpan } from '../control/time-span.ts'
import type { SupervisorOptions } from './events.ts'

export const RUN_OPTIONS = {
  restart: { value: '<when>', says: 'on-failure (default), always or never: after which ends it is started again' },
  'watch-only': { says: 'announces, and starts nothing again' },
  'exit-on-give-up': { says: 'ends as the process did once it gives up, instead of waiting to be asked to start it' },
  'max-memory': { value: '<size>', says: 'it is started again if it has more in use, as in 512M or 2G; default: no limit' },
  'hang-limit': { value: '<time>', says: 'it is started again if nothing is heard of it for so long; default: 30s' },
  grace: { value: '<time>', says: 'from when it is ready nothing but its end is acted on for so long; default: 30s' },
  'kill-after': { value: '<time>', says: 'SIGKILL so long after SIGTERM, of what hangs or does not end; default: 10s' },
  'max-restarts': { value: '<n>', says: 'at most so many restarts within --period, then it gives up; default: 5' },
  period: { value: '<time>', says: 'the time that --max-restarts is about; default: 10m' },
  pause: { value: '<time>', says: 'before the first restart; it doubles with each failure in a row, up to 1 min; default: 1s' },
} as const

export type RunOption = keyof typeof RUN_OPTIONS

const RUN_USAGE = 'Usage: otel-health run [options] -- <command> [arguments]; otel-health help run says what it takes'

/** Ends `run` with one sentence. */
export class RunUsageError extends Error {}

export interface RunOptions extends Omit<SupervisorOptions, 'id' | 'isNamed' | 'random'> {
  readonly command: readonly [string, ...string[]]
}

/** `args`: what stands after `run`. Throws a RunUsageError. */
export function readRunOptions(args: readonly string[]): RunOptions {
  const end = args.indexOf('--')
  const [first, ...others] = end === -1 ? [] : args.slice(end + 1)
  if (first === undefined) throw new RunUsageError(`What is to be run? It stands behind a --. ${RUN_USAGE}.`)
  const values = parse(args.slice(0, end))
  const restart = values.restart ?? 'on-failure'
  if (restart !== 'on-failure' && restart !== 'always' && restart !== 'never')
    throw new RunUsageError(`--restart is ${JSON.stringify(restart)}, expected on-failure, always or never.`)
  const span = (name: 'hang-limit' | 'grace' | 'kill-after' | 'period' | 'pause', otherwiseMs: number) => {
    const text = values[name]
    return text === undefined ? otherwiseMs : given(() => timeSpan(text, `--${name}`))
  }
  return {
    command: [first, ...others],
    what: [baseName(first), ...others.map(baseName)].join(' ').slice(0, 80),
    restart,
    watchOnly: values['watch-only'] ?? false,
    exitOnGiveUp: values['exit-on-give-up'] ?? false,
    maxMemoryBytes: values['max-memory'] === undefined ? undefined : bytesOf(values['max-memory']),
    hangMs: span('hang-limit', 30_000),
    graceMs: span('grace', 30_000),
    killAfterMs: span('kill-after', 10_000),
    intensity: values['max-restarts'] === undefined ? 5 : countOf(values['max-restarts']),
    periodMs: span('period', 600_000),
    firstPauseMs: span('pause', 1000),
    longestPauseMs: 60_000,
    longestLocalPauseMs: 10_000,
    toldAgainMs: 1_800_000,
  }
}

type Values = { readonly [N in RunOption]?: (typeof RUN_OPTIONS)[N] extends { readonly value: string } ? string : true }

/** `--name value` or `--name=value`. Not by parseArgs, nor by what is no more than a default: both take memory that this process is not to have. */
function parse(args: readonly string[]): Values {
  const values: Partial<Record<RunOption, string | true>> = {}
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    const equals = arg.indexOf('=')
    const name = arg.slice(2, equals === -1 ? undefined : equals)
    const text = equals === -1 ? undefined : arg.slice(equals + 1)
    if (!arg.startsWith('--') || !Object.hasOwn(RUN_OPTIONS, name))
      throw new RunUsageError(`There is no option ${JSON.stringify(arg)}. ${RUN_USAGE}.`)
    const takesValue = 'value' in RUN_OPTIONS[name as RunOption]
    const value = takesValue ? (text ?? args[++i]) : (text ?? true)
    if (value === undefined || (!takesValue && value !== true))
      throw new RunUsageError(`--${name} takes ${takesValue ? 'a value' : 'no value'}. ${RUN_USAGE}.`)
    values[name as RunOption] = value
  }
  return values as Values
}

/** What is wrong with it, in the words of who found it. */
function given<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new RunUsageError((error as Error).message)
  }
}

/** Of 1000 each, as memory is sold; 16 MB at least, for less no process has. */
function bytesOf(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMG])i?B?$/i.exec(text.trim()) ?? []
  const bytes = Number(number) * { K: 1e3, M: 1e6, G: 1e9 }[unit.toUpperCase() as 'K' | 'M' | 'G']
  if (bytes >= 16e6) return Math.round(bytes)
  throw new RunUsageError(`--max-memory is ${JSON.stringify(text)}, expected a size of at least 16M, such as 512M or 2G.`)
}

function countOf(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count <= 1000) return count
  throw new RunUsageError(`--max-restarts is ${JSON.stringify(text)}, expected a whole number from 0 to 1000.`)
}

function baseName(part: string): string {
  return part.startsWith('/') ? part.slice(part.lastIndexOf('/') + 1) : part
}
