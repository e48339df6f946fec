/** `otel-health alerts`, `ack`, `unack`, `resolve` and `note`. */
import { systemClock } from '../clock.ts'
import { alertName } from '../judge/status.ts'
import type { AlertActed, HealthControl } from '../control/health-control.ts'
import type { Said } from '../control/said.ts'
import { duration } from '../subscribe/duration.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { cleanJson } from '../wire/clean-text.ts'
import { overlaysOf } from '../wire/overlays-view.ts'
import type { Io } from './commands.ts'
import { controlling, lengthOf, saidBy, type ActionOptions } from './control.ts'
import { CommandError, OK, USAGE } from './outcome.ts'
import { columns, coloured, plain, severityText } from './text.ts'

/** Open alerts, the worst first, with what lies over them. */
export function alerts(io: Io): Promise<number> {
  return controlling(io, async (control) => {
    const open = (await control.alerts()).toSorted(byWeight)
    if (io.json) io.out(cleanJson({ alerts: open.map((alert) => ({ ...alert, channel: undefined, overlays: overlaysOf(alert) })) }))
    else if (open.length === 0) io.out('No alert is open.')
    else for (const line of alertTable(open, systemClock.epochMs(), io.width?.())) io.out(line)
    return OK
  })
}

const ACTS = {
  ack: {
    usage: 'otel-health ack <id> -m <why> [--for 4h] [--by <name>]',
    done: 'acknowledged',
    run: (control: HealthControl, id: string, said: Said, forMs: number | undefined) =>
      control.ack(id, { ...said, ...(forMs !== undefined && { forMs }) }),
  },
  unack: {
    usage: 'otel-health unack <id> -m <why> [--by <name>]',
    done: 'no longer acknowledged',
    run: (control: HealthControl, id: string, said: Said) => control.unack(id, said),
  },
  resolve: {
    usage: 'otel-health resolve <id> -m <why> [--by <name>]',
    done: 'resolved; if it is found again after 15 min, it is open again',
    run: (control: HealthControl, id: string, said: Said) => control.resolve(id, said),
  },
  note: {
    usage: 'otel-health note <id> -m <what> [--by <name>]',
    done: 'as it was; the note is recorded',
    run: (control: HealthControl, id: string, said: Said) => control.note(id, said),
  },
}

/** A usage error without an id, a reason or a name. */
export function act(io: Io, kind: keyof typeof ACTS, id: string | undefined, options: ActionOptions): Promise<number> {
  const { usage, done, run } = ACTS[kind]
  if (id === undefined) throw new CommandError(USAGE, `Which alert? otel-health alerts lists them. Usage: ${usage}`)
  const said = saidBy(io, options, usage)
  const forMs = options.for === undefined ? undefined : lengthOf(options.for, '--for')
  return controlling(io, async (control) => {
    const acted: AlertActed = await run(control, id, said, forMs)
    io.out(io.json ? cleanJson({ action: kind, ...said, ...acted }) : plain(`${acted.rule} of ${acted.service} (${acted.id}) is ${done}.`))
    return OK
  })
}

function byWeight(a: AlertView, b: AlertView): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  return a.since < b.since ? -1 : 1
}

/** `now`: epoch milliseconds. `width`: of the terminal. */
function alertTable(open: readonly AlertView[], now: number, width: number | undefined): string[] {
  const header = ['ID', 'SEVERITY', 'STATE', 'ALERT', 'SERVICE', 'SAYS'].map((title) => coloured('dim', title))
  const rows = open.map((alert) => [
    plain(alert.alert_id),
    severityText(alert.severity),
    `${alert.state} for ${duration(now - Date.parse(alert.since))}`,
    coloured('bold', plain(alertName(alert))),
    plain(alert.service),
    plain([alert.message, ...overlayWords(alert)].join('; ')),
  ])
  return columns([header, ...rows], '', width)
}

/** Why people are not told of it, or who looks after it. */
function overlayWords(alert: AlertView): string[] {
  const { ack, silenced, inhibited, flapping, held_until: held } = overlaysOf(alert)
  return [
    ack && `acknowledged by ${ack.by} until ${ack.until.slice(0, 16)}Z: ${ack.why}`,
    silenced && `silenced by ${silenced.join(', ')}`,
    inhibited && 'not told, for what may have caused it is open as well',
    flapping && 'comes and goes',
    held && 'new: what may have caused it is waited for',
  ].filter((words) => words !== undefined)
}
