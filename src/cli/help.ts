/** What `help` prints, made of the list of commands. */
import { COMMANDS, OF_ALL, OPTIONS, type Command, type Option, type OptionName } from './command-list.ts'
import { columns, wrapped } from './text.ts'

/** Where no terminal says how wide it is. */
const WIDTH = 100

const END = `Data goes to stdout, talk to stderr. Exit: 0 ok, 1 unhealthy or failed, 2 usage, 3 no connection.
The health Redis is HEALTH_REDIS_URL, or HEALTH_REDIS_HOST (localhost), HEALTH_REDIS_PORT (6379), and if needed HEALTH_REDIS_USERNAME, _PASSWORD, _TLS, _CA; HEALTH_REDIS_CLUSTER_MODE and _SHARDS as the services have them.`

/** Of all commands. `width`: of the terminal, in characters. */
export function overviewHelp(width: number = WIDTH): readonly string[] {
  const rows = COMMANDS.map((command) => [signature(command), command.says])
  return [
    'Usage: otel-health <command> [--json]',
    '',
    ...columns(rows, '  ', width),
    '',
    ...wrapped('otel-health help <command> says what it takes; otel-health --version which version this is.', width),
    ...END.split('\n').flatMap((line) => wrapped(line, width)),
  ]
}

/** Of one. */
export function commandHelp(command: Command, width: number = WIDTH): readonly string[] {
  // What `run` writes is the service's.
  const all = [...command.options, ...OF_ALL].filter((name) => name !== 'json' || command.name !== 'run')
  const options = all.map((name): readonly string[] => [optionText(name), OPTIONS[name].says])
  return [
    `Usage: ${usageOf(command)}`,
    '',
    ...wrapped(`${command.says.replace(/^./, (first) => first.toUpperCase())}.`, width),
    '',
    ...columns(options, '  ', width),
    ...(command.variables ? ['', 'Variables:', '', ...columns(command.variables, '  ', width)] : []),
    ...(command.examples ? ['', ...command.examples.map((example) => `  ${example}`)] : []),
  ]
}

/** `otel-health ack <id> [options]`; what stands behind a `--` are options of another command. */
export function usageOf(command: Command): string {
  const options = command.options.length > 0 ? ' [options]' : ''
  if (command.takes?.startsWith('--')) return `otel-health ${command.name}${options} ${command.takes}`
  return `otel-health ${signature(command)}${options}`
}

function signature({ name, takes }: Command): string {
  return takes === undefined ? name : `${name} ${takes}`
}

/** `-m, --message <why>`. */
function optionText(name: OptionName): string {
  const { short, value }: Option = OPTIONS[name]
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
