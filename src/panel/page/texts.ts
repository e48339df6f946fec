/** Every word that the pages say by themselves. */
import { duration } from '../../subscribe/duration.ts'
import type { Severity } from '../../types.ts'
import type { ControlAction, RequestState } from '../control-protocol.ts'
import type { Action, AlertAction, KeyFigure, ShownStatus } from '../protocol.ts'
import type { Freshness } from './live/freshness.ts'
import { number } from './show/figures.ts'
import { timeOfDay } from './show/when.ts'

/** `a`, `a and b`, `a, b and c`. */
const listed = (all: readonly string[]): string => (all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)!}`)

const several = (count: number, one: string, more = `${one}s`): string => `${number(count)} ${count === 1 ? one : more}`

const verbs: Readonly<Record<Action, string>> = {
  ack: 'Acknowledge',
  unack: 'Unacknowledge',
  resolve: 'Resolve',
  silence: 'Silence',
  unsilence: 'End silence',
  extend: 'Extend',
  maintenance: 'Maintenance',
  note: 'Add note',
  forget: 'Forget',
  pause: 'Pause',
  resume: 'Resume',
  drain: 'Drain',
  stop: 'Stop',
  start: 'Start',
  restart: 'Restart',
}

const inASentence: Readonly<Record<Action, string>> = {
  ack: 'acknowledge alerts',
  unack: 'take acknowledgements back',
  resolve: 'resolve alerts',
  silence: 'silence alerts',
  unsilence: 'end silences',
  extend: 'extend silences',
  maintenance: 'plan maintenance',
  note: 'add notes',
  forget: 'have services forgotten',
  pause: 'pause services',
  resume: 'resume services',
  drain: 'drain services',
  stop: 'stop services',
  start: 'start services',
  restart: 'restart services',
}

const outcomes: Readonly<Record<AlertAction, string>> = {
  ack: 'Acknowledged',
  unack: 'The acknowledgement is taken back',
  resolve: 'Resolved',
  silence: 'Silenced',
  unsilence: 'The silence is over',
  extend: 'Extended',
  maintenance: 'Maintenance is planned',
  note: 'The note is added',
  forget: 'Forgotten',
}

/** What the record calls what people did. */
const deeds: Readonly<Record<string, string>> = {
  ack: 'acknowledged',
  unack: 'took an acknowledgement back',
  resolve: 'resolved',
  silence: 'silenced',
  unsilence: 'ended a silence',
  extend: 'extended a silence',
  maintenance: 'planned maintenance',
  note: 'noted',
  forget: 'had a service forgotten',
  pause: 'asked to pause',
  resume: 'asked to resume',
  drain: 'asked to drain',
  stop: 'asked to stop',
  start: 'asked to start',
  restart: 'asked to restart',
}

/** What an instance says of what it was asked. */
const outcomesOf: Readonly<Record<string, (action: string) => string>> = {
  done: (action) => became[action] ?? action,
  failed: (action) => `failed to ${action}`,
  refused: (action) => (action === 'request' ? 'refused a request' : `refused to ${action}`),
  ended: (action) => `${action} is over`,
}

/** What has become of those that have done it. */
const became: Readonly<Record<string, string>> = {
  pause: 'paused',
  resume: 'resumed',
  drain: 'drained',
  stop: 'stopped',
  start: 'started',
  restart: 'restarted',
}

/** After a stop or a drain. */
const staysDown = (one: boolean): string => `Nothing starts ${one ? 'it' : 'them'} again until Start.`

const steps: Readonly<Record<string, string>> = {
  fired: 'Fired',
  escalated: 'Got worse',
  deescalated: 'Got better',
  resolved: 'Resolved',
  reopened: 'Open again',
  unknown: 'Nobody knows any more',
  updated: 'Update',
  acked: 'Acknowledged',
  unacked: 'Acknowledgement ended as it got worse or by hand',
  ack_expired: 'Acknowledgement ran out',
  flapping_started: 'Comes and goes',
  flapping_ended: 'No longer comes and goes',
}

const reasons: Readonly<Record<string, string>> = {
  starting: 'the service is still starting',
  low_sample: 'too little work to judge by',
  no_data: 'nothing was measured',
  stale: 'the last reading is too old',
  paused: 'the service is paused',
  unwatched: 'nobody watches this work',
  evaluator_error: 'the rule could not be evaluated',
  clock_jump: 'the clock was set meanwhile',
  dependency_unknown: 'what it depends on is not known',
}

export const texts = {
  product: 'otel-health',
  several,
  skip: 'Skip to the content',
  nav: { label: 'Screens', now: 'Now', map: 'Map', trends: 'Trends', silences: 'Silences', journal: 'Journal' },
  title: (screen: string, bad: string) => `${bad === '' ? '' : `${bad} · `}${screen} · otel-health`,
  status: {
    healthy: 'healthy',
    degraded: 'degraded',
    unhealthy: 'unhealthy',
    paused: 'paused',
    draining: 'draining',
    stopped: 'stopped',
    unknown: 'unknown',
  } satisfies Record<ShownStatus, string>,
  was: (status: string) => `was ${status}`,
  severity: { CRITICAL: 'CRITICAL', WARNING: 'WARNING' } satisfies Record<Severity, string>,
  figures: { rate: 'Work an hour', success: 'Success', p95: 'p95', due: 'Due' } satisfies Record<KeyFigure, string>,
  api: {
    unreachable: 'The panel’s server cannot be reached: try again when the connection is back.',
    refused: (status: number) => `The panel’s server answered with ${status} and gave no reason.`,
    loading: 'Loading…',
    again: 'Try again',
    failed: 'This could not be loaded.',
    old: (why: string) => `Not up to date: ${why}`,
  },
  freshness(is: Freshness): string {
    switch (is.is) {
      case 'waiting':
        return 'connecting…'
      case 'live':
        return `${is.polled ? 'asked' : 'live'}, ${is.agoMs < 1000 ? 'just now' : `${duration(is.agoMs)} ago`}`
      case 'reconnecting':
        return is.forMs === 0 ? 'no connection, trying again' : `reconnecting since ${duration(is.forMs)}`
      case 'stale':
        return `stale since ${timeOfDay(is.since)}`
    }
  },
  banner: {
    label: 'What one must know first',
    reconnecting:
      'The panel’s server is not heard of. What stands here is what was last known, and may be wrong by now. It goes on by itself when the connection is back.',
    stale: (why: string | undefined) =>
      `The panel does not hear of the health Redis. What stands here is what was last known, and may be wrong by now${why === undefined ? '' : ` (${why})`}.`,
    problems: 'What is in Redis cannot be read in part:',
    spokenLost: 'The connection is lost: what is shown may be wrong by now.',
    spokenStale: 'The panel does not hear of the health Redis: what is shown may be wrong by now.',
  },
  head: {
    worst: 'Worst state',
    nothing: 'no services yet',
    counts: 'Services by state',
    alerts: (critical: number, warning: number) =>
      critical + warning === 0
        ? 'no open alerts'
        : [critical > 0 && `${critical} CRITICAL`, warning > 0 && `${warning} WARNING`].filter(Boolean).join(', '),
    summary: (parts: readonly string[], alerts: string) => `${parts.join(', ') || 'No services'}; ${alerts}.`,
  },
  user: {
    logOut: 'Log out',
    as: (user: string, role: string) => `${user} (${role})`,
    notify: 'Notify me of CRITICAL alerts',
    notifying: 'Notifications are on',
    notifyDenied: 'This browser has been told not to allow notifications from this page: change that in its settings.',
    notifyImpossible: 'This browser allows no notifications here: they need https or localhost.',
    keys: 'Keys',
  },
  notification: (service: string, rule: string) => `CRITICAL: ${service}, ${rule}`,
  actions: {
    verbs,
    deeds,
    mayNot: (action: Action, role: string | undefined) =>
      role === undefined ? `Only who is logged in may ${inASentence[action]}.` : `Your role ${role} may not ${inASentence[action]}.`,
    titles: {
      ack: 'Acknowledge',
      unack: 'Take the acknowledgement back',
      resolve: 'Resolve by hand',
      silence: 'Silence',
      unsilence: 'End the silence',
      extend: 'Extend the silence',
      maintenance: 'Maintenance window',
      note: 'Add a note',
      forget: 'Forget the service',
    } satisfies Record<AlertAction, string>,
    explains: {
      ack: 'Nobody is told of it again until it gets worse, is over, or the time is up.',
      unack: 'People are told of it again.',
      resolve: 'It counts as over. If an instance still finds it in 15 minutes, it is open again.',
      silence: 'Nobody is told of what it matches. The alerts stay open and stay here.',
      unsilence: 'People are told of what it matched again.',
      extend: 'It ends later than planned.',
      maintenance: 'Nobody is told of what it matches, once or at set times. A service that is stopped meanwhile is not told of as silent.',
      note: 'It stands in the timeline and in the journal.',
      forget: 'It leaves this list and everything kept of it is removed. If it is heard of again, it comes back.',
    } satisfies Record<AlertAction, string>,
    why: 'Why?',
    whyHint: 'A few words for those who read of it later',
    forHowLong: 'For how long?',
    forOther: 'Other, such as 45m, 3h or 2d',
    forWrong: 'Expected a time such as 45m, 3h or 2d, up to 366 days.',
    untilResolved: 'until it is resolved',
    matcher: 'What does it match?',
    matcherHint: 'name=value with commas between: service, rule, severity or a label; * stands for anything',
    matches: (count: number) => (count === 0 ? 'Matches no open alert now.' : `Matches ${several(count, 'open alert')} now:`),
    andMore: (count: number) => `and ${count} more`,
    manyMatchers: (count: number) => `${several(count, 'silence')} will be made:`,
    when: 'When?',
    once: 'once, from now on',
    repeated: 'repeatedly',
    every: 'Days and time, such as Sun 02:00, Mon-Fri 22:30 or daily 03:00',
    zone: 'Time zone',
    cancel: 'Cancel',
    sending: 'Sending…',
    needsWhy: 'A reason is needed.',
    done: (action: AlertAction, count: number) => `${outcomes[action]}${count > 1 ? ` (${count})` : ''}.`,
    refused: (what: string, why: string) => `${what}: ${why}`,
    spans: { '30m': '30 min', '1h': '1 h', '4h': '4 h', '8h': '8 h', '1d': '1 day', '7d': '7 days' } as Readonly<Record<string, string>>,
  },
  now: {
    title: 'Now',
    alerts: 'Open alerts',
    noAlerts: 'No alert is open.',
    noAlertsUnsure: 'No alert was open when the connection was lost.',
    noneFound: (all: number) => `None of ${several(all, 'open alert')} is shown by this filter.`,
    since: 'since',
    left: (count: number) => `and ${count} more`,
    runbook: 'Runbook',
    unknownState: 'Its service says nothing any more: nobody knows whether it still holds.',
    recovering: 'recovering',
    acked: (by: string) => `acknowledged by ${by}`,
    silenced: 'silenced',
    flapping: 'comes and goes',
    held: 'not told yet',
    inhibited: 'explained by another alert',
    beneath: (count: number) => `${several(count, 'alert')} explained by this one`,
    byHand: (by: string) => `resolved by ${by}`,
    more: (count: number) => `Show ${count} more`,
    tick: (service: string, rule: string) => `Choose ${service} ${rule}`,
    tickAll: 'Choose all shown',
    ticked: (count: number) => `${several(count, 'alert')} chosen`,
    services: 'Services',
    search: 'Search services and alerts',
    unacked: 'Not acknowledged',
    states: 'States',
    grouped: 'Group by name',
    noServices: 'Nobody has been heard of yet.',
    firstSteps:
      'Services appear here by themselves as soon as they publish their health to this Redis. To watch a Node service, start it like this:',
    firstCommand: 'HEALTH_REDIS_URL=redis://… NODE_OPTIONS="--import otel-health/register" node service.js',
    demo: 'Or look at the example: npm start.',
    noServiceFound: (all: number) => `None of ${several(all, 'service')} is shown by this filter.`,
    clear: 'Show all',
    moved: (count: number) => `${several(count, 'change')} in the order`,
    resort: 'Sort again',
    columns: {
      state: 'State',
      service: 'Service',
      since: 'Since',
      instances: 'Instances',
      beat: 'Heard of',
      rate: 'Per hour',
      success: 'Success',
      p95: 'p95',
      due: 'Due',
      day: 'Last 24 h',
      spark: 'Last hour',
    },
    live: (live: number, all: number) => `${live} of ${all}`,
    noInstances: 'none',
    missing: (count: number) => `${count} missing`,
    never: 'not known since when',
    notWatched: 'none of its work is watched',
    groupOf: (prefix: string, count: number) => `${prefix} · ${several(count, 'service')}`,
    dayBar: (parts: readonly string[]) => `Last 24 hours: ${parts.join(', ')}`,
    dayPart: (status: string, hours: number) => `${status} ${hours % 1 === 0 ? hours : hours.toFixed(1)} h`,
    notKnown: 'not known',
    spark: (figure: string, low: string, high: string) => `${figure}, last hour: from ${low} to ${high}`,
    sparkUnknown: 'Nothing is known of the last hour',
  },
  service: {
    crumb: 'Service',
    unknown: (name: string) => `Nobody has heard of a service called ${name}.`,
    checks: 'Checks',
    noChecks: 'It has no checks of its own.',
    check: { name: 'Check', state: 'State', latency: 'Took', error: 'Error', instance: 'Instance' },
    dependsOn: 'Depends on',
    neededBy: 'Needed by',
    nothing: 'nothing that is known',
    through: (names: readonly string[]) => `through ${names.join(', ')}`,
    instances: 'Instances',
    instance: {
      name: 'Instance',
      state: 'State',
      phase: 'Phase',
      beat: 'Last heard of',
      uptime: 'Runs for',
      hand: 'In hand',
      note: 'Note',
      act: 'Actions',
    },
    missing: 'missing',
    clockAhead: (text: string) => `its clock is ${text} ahead`,
    clockBehind: (text: string) => `its clock is ${text} behind`,
    rules: 'Rules',
    rulesOld: 'Its version is older and does not say how its rules read.',
    rule: {
      name: 'Rule',
      says: 'Says',
      reading: 'Reading',
      limit: 'Limit',
      distance: 'Distance',
      held: 'Held',
      instance: 'Nearest instance',
    },
    says: { ok: 'fine', breach: 'breach', inconclusive: 'cannot say' },
    reason: (reason: string | undefined) => (reason === undefined ? '' : (reasons[reason] ?? reason)),
    held: (held: string, needed: string) => `${held} of ${needed}`,
    distance: (part: number) =>
      part < 0
        ? `${Math.round(-part * 100)} % beyond the limit`
        : part === 0
          ? 'at the limit'
          : part > 1
            ? 'far away'
            : `${Math.round(part * 100)} % away`,
    charts: 'History',
    hours: (hours: number) => `${hours} h`,
    hoursLabel: 'How far back',
    isAlive: 'It is alive: only a service that nobody hears of can be forgotten.',
    noHistory: 'There is no history of it yet. It is written once a minute.',
    since: (from: string) => `Its history begins ${from}.`,
    moreCharts: (count: number) => `Show ${several(count, 'more chart')}`,
    fewerCharts: 'Show fewer charts',
    linesLeftOut: (count: number) => `${several(count, 'more instance')} without a line of ${count === 1 ? 'its' : 'their'} own.`,
    spans: 'Alerts are drawn as bands, restarts as dashed lines.',
    episodes: 'Alerts of the last day',
    noEpisodes: 'There were none.',
    episode: { rule: 'Alert', from: 'From', lasted: 'Lasted', message: 'Evidence' },
    open: 'still open',
    deeds: 'What people did',
    noDeeds: 'Nobody has done anything here.',
    grafana: 'Grafana dashboard',
    export: 'Export history',
    figures: 'All figures',
    problems: 'What it says cannot be read in part',
  },
  control: {
    title: 'Control',
    all: 'all instances',
    /** What happens when it is done to so many. */
    happens(action: ControlAction, count: number, limit: string | undefined): string {
      const who = several(count, 'instance')
      const one = count === 1
      const rests = `${who} ${one ? 'takes' : 'take'} on no new work`
      switch (action) {
        case 'pause':
          return `${rests}, and ${one ? 'finishes what it has' : 'finish what they have'} in hand. ${one ? 'It goes' : 'They go'} on when the time is up, or by Resume.`
        case 'resume':
          return `${who} ${one ? 'takes' : 'take'} on work again. A pause, or a drain or restart that has not ended ${one ? 'it' : 'them'} yet, is called off.`
        case 'drain':
          return `${rests}, ${one ? 'finishes what it has' : 'finish what they have'} in hand, then ${one ? 'ends' : 'end'}. ${limit === undefined ? '' : `What has not finished after ${limit} stays paused and says so. `}${staysDown(one)}`
        case 'stop':
          return `${rests}, ${one ? 'finishes what it has' : 'finish what they have'} in hand, then ${one ? 'ends' : 'end'}${limit === undefined ? '' : `, after ${limit} at the latest`}, whatever is in hand by then. ${staysDown(one)}`
        case 'start':
          return 'What was stopped runs again.'
        case 'restart':
          return one
            ? '1 instance finishes what it has in hand, ends, and is started again by otel-health run.'
            : `${who} take turns, at most a third of them at a time: each finishes what it has in hand, ends, and is started again by otel-health run.`
      }
    },
    nobodyWorks: 'Nothing of it takes on work then.',
    unsupervised:
      'It does not run under otel-health run. Where something else starts it again, such as systemd or Docker, it comes back paused.',
    inHand: (count: number, oldest: string) =>
      count === 0 ? 'Nothing is in hand now.' : `In hand now: ${several(count, 'piece')} of work, the oldest for ${oldest}.`,
    inHandUnknown: 'What is in hand now is not known.',
    affected: (names: readonly string[]) => `Services that depend on it: ${names.join(', ')}.`,
    affectsNobody: 'No service says that it depends on it.',
    took: (last: readonly string[], median: string, times: number) =>
      times === 1
        ? `The last time it took ${last[0]!}.`
        : `The last times it took ${listed(last)}${times < 3 ? '' : `; half of the last ${times} took at most ${median}`}.`,
    tookUnknown: 'How long it takes is not known: it was not done lately.',
    shortLimit: (p99: string, limit: string) =>
      `1 of 100 pieces of work takes longer than ${p99}, and the drain limit is ${limit}: what is in hand may not be finished.`,
    longInHand: (oldest: string, limit: string) =>
      `The oldest piece of work in hand has taken ${oldest} so far, and the drain limit is ${limit}: it may not be finished.`,
    typeName: (service: string) => `Nothing of it is left running then. Type ${service} if that is meant`,
    nameWrong: (service: string) => `Nothing of ${service} is left running then: type its name exactly.`,
    asked: (action: ControlAction, service: string) => `${service} is asked to ${action}.`,
    not: {
      off: 'Services cannot be controlled from this panel: HEALTH_PANEL_CONTROL is false.',
      none: (service: string) => `${service} allows no control: control.allow in its health.config.`,
      only: (service: string, allowed: readonly string[]) =>
        `${service} allows ${listed(allowed)} only: control.allow in its health.config.`,
      unsupervised: 'Nothing would start it again: a restart needs otel-health run.',
      runs: 'It runs.',
      takesOnWork: 'Nothing of it is paused, or asked to be.',
      gone: 'Nothing of it runs.',
    },
    actions: (instance: string) => `Actions for ${instance}`,
    menu: 'Actions…',
    /** Of an instance, in the journal: `drained`, `refused to drain`. */
    outcome: (action: string, outcome: string) => (outcomesOf[outcome] ?? outcomesOf['refused']!)(action),
    /** `2 of 3 drained`. */
    progress: (action: ControlAction, done: number, all: number) => `${done} of ${all} ${became[action]!}`,
    states: {
      waiting: 'asked',
      'under way': 'under way',
      done: 'done',
      failed: 'failed',
      refused: 'refused',
      expired: 'expired: it was not begun with in time, and will not be',
    } satisfies Record<RequestState, string>,
    whose: (by: string, why: string) => `by ${by}: ${why}`,
    until: (time: string) => `until ${time}`,
    callOff: 'Call off',
    down: (instance: string) => `${instance} does not run; otel-health run can start it.`,
    inPart: (instance: string) =>
      `${instance} works again, but what it pauses itself does not go on: onResume of its health.config threw, and is called again every second.`,
    interrupted: (job: string, queue: string, times: number) =>
      times === 1
        ? `Job ${job} of ${queue} was in hand when the process was killed or crashed. BullMQ fails a job to which that happens twice.`
        : `Job ${job} of ${queue} was in hand ${times} times when the process was killed or crashed: BullMQ fails it at the second.`,
    requests: 'What it was asked',
    more: (count: number) => `and ${several(count, 'more instance')}`,
    toBe: 'To be:',
    is: 'Is:',
    wanted: { paused: 'paused', stopped: 'stopped' },
    gone: 'not there',
    differs: (text: string) => `for ${text} not as it is to be`,
  },
  chart: {
    asTable: 'Show as table',
    asChart: 'Show as chart',
    time: 'Time',
    limit: (severity: string, value: string) => `${severity} limit ${value}`,
    nothing: 'nothing is known',
    summary: (figure: string, lines: readonly string[], alerts: number, restarts: number) =>
      `${figure}. ${lines.join('; ')}.${alerts > 0 ? ` ${several(alerts, 'alert')} in this time.` : ''}${restarts > 0 ? ` ${several(restarts, 'restart')}.` : ''}`,
    line: (name: string, low: string, high: string, last: string) => `${name}: from ${low} to ${high}, last ${last}`,
    legend: 'Lines',
  },
  alert: {
    crumb: 'Alert',
    unknown: 'Nothing is known of this alert any more.',
    episodes: 'Episodes',
    timeline: 'What happened',
    cut: 'What came before is no longer kept.',
    breach: 'First breach',
    told: (target: string) => `Told to ${target}`,
    notTold: 'nobody is told of this',
    steps,
    by: (actor: string) => `by ${actor}`,
    from: (place: string) => `from ${place}`,
    took: (text: string) => `after ${text}`,
    over: 'over',
    note: 'Note',
  },
  map: {
    title: 'Map',
    empty: 'No service has said yet what it depends on.',
    cause: 'cause',
    list: 'The same as a list',
    alone: (count: number) =>
      `${several(count, 'name')} that nothing depends on, and that ${count === 1 ? 'depends' : 'depend'} on nothing, ${count === 1 ? 'is' : 'are'} only in the list.`,
    root: 'What is wrong at its root',
    noRoot: 'Nothing is wrong that others depend on.',
    explained: (name: string, reason: string | undefined) => `${name}${reason === undefined ? '' : `: ${reason}`}`,
    dependsOn: (names: readonly string[]) => `depends on ${names.join(', ')}`,
    leaf: 'depends on nothing that is known',
    is: { service: 'service', check: 'check', unknown: 'nobody has heard of it' },
    summary: (nodes: number, edges: number) =>
      `${several(nodes, 'name')} and ${several(edges, 'dependency', 'dependencies')}; the list below says the same.`,
  },
  trends: {
    title: 'Trends',
    range: 'How far back',
    ranges: { '24h': '24 h', '30d': '30 days' },
    no30: 'For 30 days a Prometheus is needed: set HEALTH_PROMETHEUS_URL for the panel.',
    service: 'Service',
    all: 'all services',
    more: (count: number) => `${several(count, 'more service')}: choose one above to see its trends.`,
    empty: 'There is no history yet. It is written once a minute.',
    source: { redis: 'From the history in Redis.', prometheus: 'From Prometheus.' },
    forecasts: 'How long it lasts',
    forecast: (figure: string, now: string, limit: string) => `${figure} is ${now}, the limit is ${limit}.`,
    grows: (perDay: string, error: string) => `It grows by ${perDay} a day (± ${error}).`,
    falls: (perDay: string, error: string) => `It shrinks by ${perDay} a day (± ${error}).`,
    days: (days: string, least: string, most: string | null) =>
      `At this pace the limit is reached in ${days} (${most === null ? `in ${least} at the earliest, perhaps never` : `between ${least} and ${most}`}).`,
  },
  silences: {
    title: 'Silences',
    make: 'New silence',
    plan: 'New maintenance window',
    none: 'Nothing is silenced.',
    columns: { state: 'Now', matcher: 'Matches', why: 'Why', by: 'By', until: 'Until', now: 'Alerts now', act: 'Actions' },
    inForce: 'silent',
    waits: 'waits',
    over: 'over',
    repeats: (every: string, zone: string, length: string) => `${every} ${zone}, for ${length} each`,
    endsWith: 'ends with its alert',
    noMatch: 'none',
  },
  journal: {
    title: 'Journal',
    about: 'What people did, the newest first.',
    none: 'Nobody has done anything yet.',
    noneFound: 'No entry is shown by this filter.',
    search: 'Search who, what and why',
    columns: { at: 'When', actor: 'Who', action: 'What', about: 'About', why: 'Why', from: 'From where' },
    more: 'Show older ones',
    exports: { audit: 'Export this journal:', alerts: 'Export all alerts of the last day:' },
    service: (name: string) => `Only of ${name}`,
  },
  login: {
    title: 'Log in',
    token: 'Token',
    tokenHint: 'It was printed where the panel was started.',
    tokenUser: 'Your name, for the journal',
    user: 'Name',
    password: 'Password',
    enter: 'Log in',
    oidc: 'Log in with your organisation’s account',
    proxy: 'You are logged in by the proxy in front of this panel, and it did not say who you are. Open the panel through it.',
    failed: 'You could not be logged in.',
    done: 'You are logged in.',
  },
  nowhere: 'There is nothing at this address.',
  backToNow: 'Go to Now',
  close: 'Close',
  keys: {
    title: 'Keys',
    list: [
      ['j / k', 'next, previous alert or service'],
      ['Enter', 'open it'],
      ['x', 'choose the alert'],
      ['a', 'acknowledge the alert, or all chosen'],
      ['r', 'resolve'],
      ['s', 'silence'],
      ['m', 'maintenance'],
      ['/', 'search'],
      ['g then n', 'Now'],
      ['g then m', 'Map'],
      ['g then t', 'Trends'],
      ['g then s', 'Silences'],
      ['g then j', 'Journal'],
      ['Esc', 'close a dialog'],
      ['?', 'these keys'],
    ] as const,
  },
} as const
