/** `otel-health <command>`: arguments in, exit code out. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

import { meant } from '../config/nearest.ts'
import { maskedText, maskedValue } from '../credentials.ts'
import { VERSION } from '../version.ts'
import {
  COMMANDS,
  commandNamed,
  commandsTaking,
  OF_ALL,
  OPTIONS,
  type Command,
  type CommandName,
  type Option,
  type OptionName,
} from './command-list.ts'
import { check, status, tail, watch, type Io } from './commands.ts'
import { writeDashboards, writeRules } from './generated-files.ts'
import { commandHelp, overviewHelp, usageOf } from './help.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { UNKNOWN } from './verdict.ts'

/** As given; what takes no value is true. */
type Values = { readonly [N in OptionName]?: (typeof OPTIONS)[N] extends { readonly value: string } ? string : boolean }

/** Never rejects: what goes wrong is one sentence of talk. */
export async function runCommand(args: readonly string[], io: Omit<Io, 'json'>): Promise<number> {
  try {
    return await dispatch(args, io)
  } catch (error) {
    io.talk(maskedText(error instanceof Error ? error.message : String(error)))
    // To Nagios 1 and 2 would be statements about the service.
    if (args[0] === 'check') return UNKNOWN
    return error instanceof CommandError ? error.exitCode : UNHEALTHY
  }
}

async function dispatch(args: readonly string[], io: Omit<Io, 'json'>): Promise<number> {
  if (isRun(args)) {
    const { runUnderSupervision } = await import('./run.ts')
    return runUnderSupervision(args.slice(1))
  }
  const { values, positionals } = parse(args)
  const [name, argument, second] = positionals
  const tell = (lines: readonly string[]): number => {
    for (const line of lines) io.out(line)
    return OK
  }
  if (name === undefined) {
    if (values.version) return tell([values.json ? JSON.stringify({ version: VERSION }) : VERSION])
    if (values.help) return tell(overviewHelp(io.width?.()))
    throw new CommandError(USAGE, overviewHelp(io.width?.()).join('\n'))
  }
  const command = commandOf(name)
  if (values.help) return tell(commandHelp(command, io.width?.()))
  checkOptions(command, values)
  const [tooMany] = positionals.slice(1 + (command.takes?.split(' ').length ?? 0))
  if (tooMany !== undefined)
    throw new CommandError(USAGE, `${JSON.stringify(maskedValue(tooMany))} is one argument too many: see otel-health --help.`)
  // Whatever it takes stands after the name.
  if (command.name === 'run') throw new CommandError(USAGE, `run comes first: ${usageOf(command)}.`)
  if (command.name === 'help') {
    return tell(argument === undefined ? overviewHelp(io.width?.()) : commandHelp(commandOf(argument), io.width?.()))
  }
  return await run(command.name, { ...io, json: values.json ?? false }, [argument, second], values)
}

/** What stands after `--` is not ours to read. */
function isRun(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  return own[0] === 'run' && !own.includes('--help') && !own.includes('-h')
}

/** What brings much along is loaded when it is asked for. */
async function run(
  name: Exclude<CommandName, 'help' | 'run'>,
  io: Io,
  [argument, second]: readonly (string | undefined)[],
  values: Values,
): Promise<number> {
  switch (name) {
    case 'status':
      return status(io, argument)
    case 'check': {
      if (!values.alive) return check(io, argument)
      const { checkAlive } = await import('./alive.ts')
      return checkAlive(io, argument)
    }
    case 'watch': {
      if (!values.alert) return watch(io)
      const { watchAndAlert } = await import('./watch-and-alert.ts')
      return watchAndAlert(io)
    }
    case 'tail':
      return tail(io)
    case 'alerts': {
      const { alerts } = await import('./act.ts')
      return alerts(io)
    }
    case 'ack':
    case 'unack':
    case 'resolve':
    case 'note': {
      const { act } = await import('./act.ts')
      return act(io, name, argument, values)
    }
    case 'silence':
    case 'extend':
    case 'maintenance':
    case 'unsilence': {
      const silences = await import('./silence.ts')
      return silences[name](io, argument, values)
    }
    case 'ctl': {
      const { ctl } = await import('./ctl.ts')
      return ctl(io, argument, second, values)
    }
    case 'simulate': {
      const { simulate } = await import('./simulate.ts')
      return simulate(io, values)
    }
    case 'replay': {
      const { replay } = await import('./replay.ts')
      return replay(io, argument, values)
    }
    case 'forget': {
      const { forget } = await import('./forget.ts')
      return forget(io, argument, values)
    }
    case 'dashboards':
      return writeDashboards(io, argument, values)
    case 'rules':
      return writeRules(io, argument, values)
    case 'doctor': {
      const { doctor } = await import('./doctor.ts')
      return doctor(io, { prometheus: values.prometheus ?? (io.env['HEALTH_PROMETHEUS_URL']?.trim() || undefined) })
    }
    case 'relay': {
      const { relay } = await import('./relay.ts')
      return relay(io, { config: values.config, test: values.test ?? false })
    }
    case 'panel': {
      const { panel, hashedPassword } = await import('./panel.ts')
      return values['hash-password'] ? hashedPassword(io) : panel(io, values)
    }
    case 'init': {
      const { init } = await import('./init.ts')
      return init(io, { yes: values.yes ?? false, entry: values.entry })
    }
  }
}

function commandOf(name: string): Command {
  const command = commandNamed(name)
  if (command) return command
  const near =
    name === 'version'
      ? '--version'
      : meant(
          name,
          COMMANDS.map((each) => each.name),
        )
  const shown = JSON.stringify(maskedValue(name))
  throw new CommandError(
    USAGE,
    near === undefined
      ? `There is no command ${shown}: otel-health --help lists them.`
      : `There is no command ${shown}: did you mean otel-health ${near}?`,
  )
}

function checkOptions(command: Command, values: Values): void {
  for (const name of Object.keys(values) as OptionName[]) {
    if (OF_ALL.includes(name) || command.options.includes(name)) continue
    const others = commandsTaking(name)
    if (others.length === 0) throw new CommandError(USAGE, `--${name} goes without a command: otel-health --${name}.`)
    throw new CommandError(USAGE, `--${name} is of ${others.join(', ')} alone: see otel-health --help.`)
  }
}

function parse(args: readonly string[]): { readonly values: Values; readonly positionals: readonly string[] } {
  const options: ParseArgsConfig['options'] = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { value, short }]: [string, Option]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short !== undefined && { short }) },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
    return { values, positionals }
  } catch (error) {
    throw new CommandError(USAGE, parseTrouble(error, args))
  }
}

function parseTrouble(error: unknown, args: readonly string[]): string {
  const message = error instanceof Error ? error.message : String(error)
  const [what = ''] = message.split(/\. |\n/)
  const command = commandNamed(args.find((arg) => !arg.startsWith('-')) ?? '')
  const unknown = /^Unknown option '(-+[^']*)'/.exec(message)?.[1]
  if (unknown === undefined)
    return `${what.replace(/\.$/, '')}: see ${command ? `otel-health help ${command.name}` : 'otel-health --help'}.`
  const known: readonly OptionName[] = command ? [...command.options, ...OF_ALL] : (Object.keys(OPTIONS) as OptionName[])
  const near = meant(unknown.replace(/^-+/, ''), known)
  const shown = maskedValue(unknown)
  if (near !== undefined) return `There is no option ${shown}: did you mean --${near}?`
  return command
    ? `There is no option ${shown}: ${usageOf(command)} takes ${known.map((name) => `--${name}`).join(', ')}.`
    : `There is no option ${shown}: see otel-health --help.`
}
