/** Every command with what it takes, once: the parser, the help and the suggestions are made of it. */
import { RUN_OPTIONS, type RunOption } from '../supervise/run-options.ts'
import { panelVariableRows } from './panel-variables.ts'

export interface Option {
  /** What its value is; left out: it takes none. */
  readonly value?: string
  readonly short?: string
  readonly says: string
}

export const OPTIONS = {
  json: { says: 'as JSON, for programs' },
  help: { short: 'h', says: 'says what the command does and takes' },
  version: { says: 'the version of otel-health' },
  yes: { says: 'writes without asking' },
  entry: {
    value: '<file>',
    says: 'the file that the service is started by; default: that of the script "start", or "main", of package.json',
  },
  prometheus: { value: '<url>', says: 'where Prometheus is, to look at the far end too; default: HEALTH_PROMETHEUS_URL' },
  config: { value: '<file>', says: 'a file elsewhere than here: the targets of the relay, or a health.config' },
  test: { says: 'sends one message to each target and ends' },
  by: { value: '<name>', says: 'who does it; default: USER' },
  message: { value: '<why>', short: 'm', says: 'why, for those who read of it later' },
  for: { value: '<time>', says: 'how long, as in 30s, 15m, 4h, 2d' },
  host: { value: '<address>', says: 'the address to listen on; default: 127.0.0.1, and another only with a login' },
  port: { value: '<port>', says: 'the port to listen on, 0 for any that is free; default: 8010' },
  public: { says: 'shows everybody /status, with names and states of the services alone' },
  'hash-password': { says: 'reads a password from stdin, and prints what to keep of it' },
  expires: { value: '<time>', says: 'within which it must be begun with, or it is not done; default: 60s' },
  'no-wait': { says: 'does not wait for what becomes of it' },
  alive: { says: 'only whether one process lives, however ill its service is: [service] may be <service>/<instance>' },
  alert: { says: 'no table: notices services that fall silent, and says so, until it is stopped' },
  from: { value: '<time>', says: 'when it begins, as in 2026-12-01T22:00:00Z; default: now' },
  'until-resolved': { says: 'until an alert is over, 7 days at most; its id stands for the matcher' },
  every: { value: '<when>', says: 'when it comes again, as in "Sun 02:00" or "daily 03:00"' },
  zone: { value: '<zone>', says: 'in whose time that is, as in Europe/Berlin; default: UTC' },
  rate: { value: '<n>', says: 'pieces of work an hour' },
  success: { value: '<percent>', says: 'how much of it succeeds' },
  burst: { value: '<time>', says: 'what fails comes in bursts, so long on average' },
  within: { value: '<percent>', says: 'how much fails within a burst' },
  batch: { value: '<n>', says: 'so many pieces of work succeed or fail together' },
  regular: { says: 'at equal distances instead of by chance' },
  rule: { value: '<name>', says: 'this rule alone' },
  limit: { value: '<limit>', says: 'another limit for that rule' },
  days: { value: '<n>', says: 'how long a try is; default: 30' },
  seeds: { value: '<n>', says: 'how often it is tried; default: 10' },
  ...RUN_OPTIONS,
} as const satisfies Readonly<Record<string, Option>>

export type OptionName = keyof typeof OPTIONS

/** What any command takes. */
export const OF_ALL: readonly OptionName[] = ['json', 'help']

type Looking = 'status' | 'watch' | 'tail' | 'check' | 'doctor' | 'alerts' | 'replay' | 'simulate'
type Acting =
  | 'ack'
  | 'unack'
  | 'resolve'
  | 'note'
  | 'silence'
  | 'extend'
  | 'unsilence'
  | 'maintenance'
  | 'ctl'
  | 'forget'
  | 'relay'
  | 'panel'
export type CommandName = Looking | Acting | 'init' | 'run' | 'dashboards' | 'rules' | 'help'

export interface Command {
  readonly name: CommandName
  /** Its arguments, a space between them: `<so>` if it must be given, `[so]` if not; left out: it takes none. */
  readonly takes?: string
  readonly says: string
  /** Besides those of all. */
  readonly options: readonly OptionName[]
  readonly examples?: readonly string[]
  /** Variables that it alone reads, with what they are. */
  readonly variables?: readonly (readonly string[])[]
}

const PEOPLE: readonly OptionName[] = ['message', 'by']

export const COMMANDS: readonly Command[] = [
  {
    name: 'init',
    options: ['yes', 'entry'],
    says: 'looks at the project in this folder and writes a health.config for it, and says how to start; shows first, then asks',
  },
  { name: 'status', takes: '[service]', says: 'what is known now; exit 1 if anything is unhealthy', options: [] },
  {
    name: 'watch',
    options: ['alert'],
    says: 'the same, live; with --alert it stays and does what a service does for others: it raises service_silent, and ends silences in time',
  },
  {
    name: 'tail',
    says: 'channel messages as they come, one JSON a line',
    options: [],
    examples: [`otel-health tail | jq 'select(.type == "fired")'`],
  },
  {
    name: 'check',
    takes: '[service]',
    options: ['alive'],
    examples: ['HEALTH_REDIS_HOST=redis.internal otel-health check mailer', 'HEALTH_HTTP_PORT=8011 otel-health check --alive'],
    says: 'for Nagios and the like: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; without a name of the service that HEALTH_SERVICE_NAME or OTEL_SERVICE_NAME names',
  },
  { name: 'doctor', says: 'checks the whole chain from this folder and says what to mend', options: ['prometheus'] },
  { name: 'alerts', says: 'what is open, with its id, and why people are not told of it', options: [] },
  {
    name: 'ack',
    takes: '<id>',
    options: [...PEOPLE, 'for'],
    examples: ['otel-health ack 8fc1 -m "restarting the proxy"'],
    says: 'says that somebody looks after it: quiet until it gets worse or --for (4h) is up',
  },
  { name: 'unack', takes: '<id>', says: 'takes that back', options: PEOPLE },
  { name: 'resolve', takes: '<id>', says: 'says that it is over; found again after 15 min, it is open again', options: PEOPLE },
  {
    name: 'note',
    takes: '<id>',
    options: PEOPLE,
    says: 'writes something down about an alert, open or over, and changes nothing',
    examples: ['otel-health note 8fc1 -m "the proxy again"'],
  },
  {
    name: 'silence',
    takes: '[matcher]',
    options: [...PEOPLE, 'for', 'from', 'until-resolved'],
    says: 'quiet for a time, such as service=fetch*,severity=WARNING, or until an alert is over; without a matcher it lists them',
    examples: [
      `otel-health silence 'service=fetch*,severity=WARNING' --for 1h -m deploy`,
      'otel-health silence 8fc1 --until-resolved -m "known, mended tomorrow"',
    ],
  },
  {
    name: 'extend',
    takes: '<id>',
    options: [...PEOPLE, 'for'],
    says: 'has a silence last --for from now at least',
    examples: ['otel-health extend 4b1f --for 2h -m "takes longer"'],
  },
  { name: 'unsilence', takes: '<id>', says: 'ends a silence', options: PEOPLE },
  {
    name: 'maintenance',
    takes: '[matcher]',
    options: [...PEOPLE, 'every', 'for', 'zone'],
    says: 'quiet again and again, every week or day; without a matcher it lists them',
    examples: [`otel-health maintenance 'label.check=postgres' --every "Sun 02:00" --for 2h --zone Europe/Berlin -m backup`],
  },
  {
    name: 'ctl',
    takes: '[pause|resume|drain|stop|start|restart] <service>[/<instance>]',
    options: [...PEOPLE, 'for', 'expires', 'no-wait'],
    says: 'asks a service, or one instance of it, and waits until it is done; exit 1 if it is not. Without an action it shows what was asked of a service. A pause lasts --for (1h)',
    examples: ['otel-health ctl pause mailer --for 30m -m "a larger disk"', 'otel-health ctl restart mailer/web-2 -m "leaks memory"'],
  },
  {
    ...{
      name: 'simulate',
      options: ['rate', 'success', 'burst', 'within', 'batch', 'regular', 'rule', 'limit', 'days', 'seeds', 'config'],
    },
    says: 'how often the rules here would page, for work as it is described',
    examples: ['otel-health simulate --rate 300 --success 97 --burst 30s --rule low_success_rate'],
  },
  {
    name: 'replay',
    takes: '<service>',
    options: ['config'],
    says: 'what the rules here would have said of the last day of a service, beside what was said',
  },
  {
    name: 'forget',
    takes: '<service>',
    says: 'takes a service that is dead for good off the lists, with the alerts it left open; with -m it is recorded who did it and why',
    options: PEOPLE,
  },
  {
    name: 'relay',
    options: ['config', 'test'],
    says: 'passes alerts on to Alertmanager and webhooks until it is stopped; --config names them',
  },
  {
    name: 'panel',
    options: ['host', 'port', 'public', 'hash-password'],
    says: 'serves the admin panel until it is stopped: to this machine alone, or with a login',
    variables: panelVariableRows(),
  },
  {
    name: 'run',
    takes: '-- <command>',
    options: Object.keys(RUN_OPTIONS) as RunOption[],
    says: 'runs a service and starts it again where that can help, within a budget; passes on signals, streams and exit code, and announces its end',
    examples: ['otel-health run -- node --import otel-health/register service.js', 'otel-health run --max-memory 512M -- npm start'],
  },
  {
    name: 'dashboards',
    takes: '<dir>',
    options: ['config'],
    says: 'Grafana dashboards, one file each, with the limits of environment and health.config here',
  },
  {
    name: 'rules',
    takes: '<dir>',
    options: ['config'],
    says: 'rules for Prometheus: what watches whether services are judged and figures arrive, and in a folder of its own what they are judged by',
  },
  { name: 'help', takes: '[command]', says: 'this, or what one command does and takes', options: [] },
]

export function commandNamed(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name)
}

/** The commands that take an option. */
export function commandsTaking(option: OptionName): readonly string[] {
  return COMMANDS.filter(({ options }) => options.includes(option)).map(({ name }) => name)
}
