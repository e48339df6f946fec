/** `otel-health <command>`: arguments in, exit code out. */
import { parseArgs } from 'node:util'
import { maskedText, maskedValue } from '../credentials.ts'
import { check, status, tail, UNKNOWN, watch, type Io } from './commands.ts'
import { writeDashboards, writeRules } from './generated-files.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'

const HELP = `Usage: otel-health <command> [--json]

  status [service]   what is known now; exit 1 if anything is unhealthy
  watch              the same, live
  tail               channel messages as they come, one JSON a line
  check [service]    for Nagios and the like: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; without a name of the
                     service that HEALTH_SERVICE_NAME or OTEL_SERVICE_NAME names
  doctor             checks the whole chain from this folder and says what to mend; --prometheus <url>
                     (or HEALTH_PROMETHEUS_URL) for its far end
  forget <service>   takes a service that is dead for good off the lists, with the alerts that it left open
  dashboards <dir>   Grafana dashboards, one file each, with the limits of environment and health.config here
  relay              passes alerts on to Alertmanager and webhooks until it is stopped; --config <file> names them,
                     --test sends one message to each and ends
  rules <dir>        rules for Prometheus that watch whether services are judged and figures arrive

Data goes to stdout, talk to stderr. Exit: 0 ok, 1 unhealthy or failed, 2 usage, 3 no connection.
The health Redis is HEALTH_REDIS_URL, or HEALTH_REDIS_HOST (localhost), HEALTH_REDIS_PORT (6379), and if needed
HEALTH_REDIS_USERNAME, _PASSWORD, _TLS, _CA; HEALTH_REDIS_CLUSTER_MODE and _SHARDS as the services have them.

  otel-health status
  HEALTH_REDIS_HOST=redis.internal otel-health check mailer
  otel-health tail | jq 'select(.type == "fired")'`

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
  const { values, positionals } = parse(args)
  const [command, argument, ...rest] = positionals
  if (values.help) {
    io.out(HELP)
    return OK
  }
  if (command === undefined) throw new CommandError(USAGE, HELP)
  const full: Io = { ...io, json: values.json ?? false }
  const none = (argument !== undefined ? [argument] : []).concat(rest)
  if (values.prometheus !== undefined && command !== 'doctor') {
    throw new CommandError(USAGE, '--prometheus is of doctor alone: see otel-health --help.')
  }
  if ((values.config !== undefined || values.test) && command !== 'relay') {
    throw new CommandError(USAGE, '--config and --test are of relay alone: see otel-health --help.')
  }
  switch (command) {
    case 'status':
      return (expectNoMore(rest), status(full, argument))
    case 'check':
      return (expectNoMore(rest), check(full, argument))
    case 'watch':
      return (expectNoMore(none), watch(full))
    case 'tail':
      return (expectNoMore(none), tail(full))
    case 'forget': {
      expectNoMore(rest)
      const { forget } = await import('./forget.ts')
      return forget(full, argument)
    }
    case 'dashboards':
      return (expectNoMore(rest), writeDashboards(full, argument))
    case 'rules':
      return (expectNoMore(rest), writeRules(full, argument))
    case 'doctor': {
      expectNoMore(none)
      // It brings the exporter along, which nobody else shall wait for.
      const { doctor } = await import('./doctor.ts')
      return doctor(full, { prometheus: values.prometheus ?? (io.env['HEALTH_PROMETHEUS_URL'] || undefined) })
    }
    case 'relay': {
      expectNoMore(none)
      const { relay } = await import('./relay.ts')
      return relay(full, { config: values.config, test: values.test ?? false })
    }
    default:
      throw new CommandError(USAGE, `There is no command ${JSON.stringify(maskedValue(command))}: otel-health --help lists them.`)
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        prometheus: { type: 'string' },
        config: { type: 'string' },
        test: { type: 'boolean' },
      },
    })
  } catch (error) {
    const [what] = (error instanceof Error ? error.message : String(error)).split('. ')
    throw new CommandError(USAGE, `${what}: see otel-health --help.`)
  }
}

function expectNoMore(rest: readonly string[]): void {
  if (rest.length > 0)
    throw new CommandError(USAGE, `${JSON.stringify(maskedValue(rest[0]!))} is one argument too many: see otel-health --help.`)
}
