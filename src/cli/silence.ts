/** `otel-health silence`, `extend`, `maintenance` and `unsilence`. */
import type { SilenceMade, SilenceView } from '../control/silences.ts'
import { cleanJson } from '../wire/clean-text.ts'
import { toIso } from '../wire/iso-time.ts'
import type { Io } from './commands.ts'
import { controlling, lengthOf, saidBy, type ActionOptions } from './control.ts'
import { CommandError, OK, USAGE } from './outcome.ts'
import { columns, coloured, plain } from './text.ts'

const SILENCE = 'otel-health silence <matcher> --for 1h -m <why> [--from <time>] [--by <name>]'
const UNTIL_RESOLVED = 'otel-health silence <id of an alert> --until-resolved -m <why> [--by <name>]'
const EXTEND = 'otel-health extend <id> --for 2h -m <why> [--by <name>]'
const MAINTENANCE = 'otel-health maintenance <matcher> --every "Sun 02:00" --for 2h --zone Europe/Berlin -m <why> [--by <name>]'
const UNSILENCE = 'otel-health unsilence <id> -m <why> [--by <name>]'

/** Without a matcher it lists them. */
export function silence(io: Io, matcher: string | undefined, options: ActionOptions): Promise<number> {
  if (matcher === undefined) return list(io)
  const { from } = options
  if (options['until-resolved']) return silenceUntilResolved(io, matcher, options)
  if (options.for === undefined) throw new CommandError(USAGE, `For how long? Usage: ${SILENCE}`)
  const forMs = lengthOf(options.for, '--for')
  const said = saidBy(io, options, SILENCE)
  const begins = from === undefined ? {} : { begin: timeOf(from) }
  return controlling(io, async (control) => tellMade(io, await control.silence(matcher, { ...said, forMs, ...begins })))
}

function silenceUntilResolved(io: Io, id: string, options: ActionOptions): Promise<number> {
  if (options.for !== undefined || options.from !== undefined)
    throw new CommandError(USAGE, `It begins now and ends with the alert: without --for and --from. Usage: ${UNTIL_RESOLVED}`)
  const said = saidBy(io, options, UNTIL_RESOLVED)
  return controlling(io, async (control) => tellMade(io, await control.silenceUntilResolved(id, said), true))
}

export function extend(io: Io, id: string | undefined, options: ActionOptions): Promise<number> {
  if (id === undefined) throw new CommandError(USAGE, `Which silence? otel-health silence lists them. Usage: ${EXTEND}`)
  if (options.for === undefined) throw new CommandError(USAGE, `For how long from now? Usage: ${EXTEND}`)
  const forMs = lengthOf(options.for, '--for')
  const said = saidBy(io, options, EXTEND)
  return controlling(io, async (control) => {
    const { id: silenceId, matcher, until } = await control.extend(id, { ...said, forMs })
    const end = toIso(until)
    io.out(
      io.json
        ? cleanJson({ action: 'extend', ...said, id: silenceId, matcher, until: end })
        : plain(`The silence ${silenceId} (${matcher}) lasts until ${end}.`),
    )
    return OK
  })
}

/** Without a matcher it lists them. */
export function maintenance(io: Io, matcher: string | undefined, options: ActionOptions): Promise<number> {
  if (matcher === undefined) return list(io)
  const { every, zone = 'UTC' } = options
  if (every === undefined || options.for === undefined) throw new CommandError(USAGE, `When, and for how long? Usage: ${MAINTENANCE}`)
  const forSeconds = lengthOf(options.for, '--for') / 1000
  const said = saidBy(io, options, MAINTENANCE)
  return controlling(io, async (control) => tellMade(io, await control.maintenance(matcher, { ...said, every, forSeconds, zone })))
}

export function unsilence(io: Io, id: string | undefined, options: ActionOptions): Promise<number> {
  if (id === undefined) throw new CommandError(USAGE, `Which silence? otel-health silence lists them. Usage: ${UNSILENCE}`)
  const said = saidBy(io, options, UNSILENCE)
  return controlling(io, async (control) => {
    const ended = await control.unsilence(id, said)
    io.out(io.json ? cleanJson({ action: 'unsilence', ...said, ...ended }) : plain(`The silence ${ended.id} (${ended.matcher}) is over.`))
    return OK
  })
}

function tellMade(io: Io, { id, matcher, from, until, matching }: SilenceMade, endsWithAlert: boolean = false): number {
  const [begin, end] = [toIso(from), toIso(until)]
  const open = `${matching} open ${matching === 1 ? 'alert matches' : 'alerts match'} now`
  io.out(
    io.json
      ? cleanJson({ silence: id, matcher, from: begin, until: end, matching })
      : plain(`Silence ${id}: ${matcher}, from ${begin} until ${endsWithAlert ? `its alert is over, or ${end}` : end}; ${open}.`),
  )
  return OK
}

function list(io: Io): Promise<number> {
  return controlling(io, async (control) => {
    const silences = await control.silences()
    if (io.json) {
      io.out(
        cleanJson({
          silences: silences.map(({ match: _match, windows, nextChange: next, ...rest }) => ({
            ...rest,
            next_change: next === undefined ? null : toIso(next),
            windows: windows.map(([from, until]) => ({ from: toIso(from), until: toIso(until) })),
          })),
        }),
      )
    } else if (silences.length === 0) io.out('Nothing is silenced.')
    else {
      const header = ['ID', 'NOW', 'MATCHER', 'WHEN', 'BY', 'WHY'].map((title) => coloured('dim', title))
      for (const line of columns([header, ...silences.map(cells)], '', io.width?.())) io.out(line)
    }
    return OK
  })
}

function cells({ id, inForce, matcher, windows, repeat, endsWith, by, why }: SilenceView): string[] {
  const [[from, until]] = windows as [readonly [number, number]]
  const once = `${toIso(from)} to ${toIso(until)}${endsWith ? ', ends with its alert' : ''}`
  const when = repeat ? `every ${repeat.every} ${repeat.zone}, next ${toIso(from)}` : once
  return [id, inForce ? 'silent' : 'waits', matcher, when, by, why].map(plain)
}

function timeOf(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new CommandError(USAGE, `--from is ${JSON.stringify(text)}, expected a time such as 2026-12-01T22:00:00Z.`)
  return at
}
