/** `otel-health replay <service>`: what the rules here would have said of the last day of a service, beside what was said. */
import { kindNamed } from '../kinds/define-kind.ts'
import { KINDS } from '../kinds/index.ts'
import { episodesTold, isSame, labelText, type Episode } from '../replay/episodes.ts'
import { countedMinutes, historyMinutes, type StreamEntry } from '../replay/history.ts'
import { replay as replayed, type Replayed } from '../replay/replay.ts'
import { saidRules, type SaidRule } from '../rules/said-rules.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import { cleanJson } from '../wire/clean-text.ts'
import { toIso } from '../wire/iso-time.ts'
import { parseMessage, parseStatus } from '../wire/message.ts'
import { isServiceName, shardOf, type ShardNames } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import type { Io } from './commands.ts'
import { connect, lost, targetFrom } from './connection.ts'
import { optionsHere } from './generated-files.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { columns, coloured, plain, severityText } from './text.ts'

/** Entries of a stream that are asked for at once. */
const AT_ONCE = 1000

interface Read {
  readonly history: readonly StreamEntry[]
  readonly counted: readonly StreamEntry[]
  readonly told: readonly AlertMessage[]
  /** Which kind of service it says it is. */
  readonly kind: string | undefined
}

export async function replay(io: Io, service: string | undefined, { config }: { readonly config?: string | undefined }): Promise<number> {
  if (!isServiceName(service)) throw new CommandError(USAGE, 'Which service? Usage: otel-health replay <service> [--config <file>]')
  const target = targetFrom(io.env)
  const names = shardOf(service, target.shards ?? 1, target.hmacKey)
  const client = await connect(target, { reconnect: false })
  const read = await readAll(client, names, service)
    .catch((error: unknown) => {
      throw lost(target, error)
    })
    .finally(() => client.disconnect())
  const minutes = historyMinutes(read.history)
  const [first, last] = [minutes[0], minutes.at(-1)]
  if (!first || !last) throw new CommandError(UNHEALTHY, `There is no history of ${service}: it was not heard of, or not for a day.`)
  const { kind, rules } = rulesOf(io, config, read.kind)
  const result = replayed(rules, { minutes, counted: countedMinutes(read.counted) })
  const then = episodesTold(read.told, first.at)
  const instances = new Set(minutes.map(({ instance }) => instance)).size
  const span = { kind, from: first.at, until: last.at, minutes: minutes.length, instances }
  if (io.json) io.out(cleanJson(asJson(service, span, result, then)))
  else for (const line of sentences(service, span, result, then, io.width?.())) io.out(line)
  return OK
}

async function readAll(client: RedisClient, names: ShardNames, service: string): Promise<Read> {
  const history = await readStream(client, names.history(service), '-')
  const from = history[0]?.[0] ?? '-'
  const counted = await readStream(client, names.counted(service), '-')
  const alerts = await readStream(client, names.alerts, from)
  const told = alerts.flatMap(([, [, document]]) => {
    const message = parseMessage(names.alertsChannel, document ?? '', names.hmacKey)
    return message?.channel === 'alerts' && message.service === service ? [message] : []
  })
  return { history, counted, told, kind: await kindOf(client, names, service) }
}

/** In pieces: a day of many instances is more than one answer should hold. */
async function readStream(client: RedisClient, key: string, from: string): Promise<readonly StreamEntry[]> {
  const entries: StreamEntry[] = []
  for (let start = from; ; start = `(${entries.at(-1)![0]}`) {
    const more = await client.xrange(key, start, '+', 'COUNT', AT_ONCE)
    entries.push(...more)
    if (more.length < AT_ONCE) return entries
  }
}

/** As the instance says that was heard of last. */
async function kindOf(client: RedisClient, names: ShardNames, service: string): Promise<string | undefined> {
  const [instance] = await client.zrange(names.instances(service), '-1', '-1')
  if (instance === undefined) return undefined
  const status = parseStatus(service, (await client.getrange(names.status(service, instance), 0, 65_536)) ?? '', names.hmacKey)
  return status?.kind
}

/** Of the health.config that is named or stands here; without one, those of the kind of service that it says it is. */
function rulesOf(
  io: Io,
  config: string | undefined,
  said: string | undefined,
): { readonly kind: string; readonly rules: readonly SaidRule[] } {
  try {
    const here = optionsHere(io.env, { config })
    const isKnown = KINDS.some(({ name }) => name === said)
    const options = here.isOfOneService !== true && isKnown ? { ...here, kind: kindNamed(said) } : here
    const kind = options.kind.name
    if (said !== undefined && said !== kind) io.talk(`The service says that it is a ${plain(said)}: these are the rules of a ${kind}.`)
    if (said === undefined && here.isOfOneService !== true) {
      io.talk(`Nothing says now what kind of service it is: these are the rules of a ${kind}. A health.config says it, with --config.`)
    }
    return { kind, rules: saidRules(options) }
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}

interface Span {
  /** Whose rules are tried. */
  readonly kind: string
  readonly from: number
  readonly until: number
  readonly minutes: number
  readonly instances: number
}

function sentences(
  service: string,
  span: Span,
  { episodes, replayed: done, not }: Replayed,
  then: readonly Episode[],
  width: number | undefined,
): string[] {
  const byFigure = done.flatMap(({ rule, by }) => (by === 'counts' ? [] : [rule]))
  return [
    `${plain(service)} from ${clock(span.from)} to ${clock(span.until)} UTC: ${span.minutes} minutes of ${span.instances} ${span.instances === 1 ? 'instance' : 'instances'}, by the rules of a ${span.kind}.`,
    '',
    ...list('Would have fired', episodes, then, 'did fire', 'did not fire then', width),
    '',
    ...list('Did fire then', then, episodes, 'would fire', 'would not fire', width),
    ...(byFigure.length === 0
      ? []
      : ['', `By one figure a minute, so that what came and went within a minute is missed: ${byFigure.join(', ')}.`]),
    ...(not.length === 0 ? [] : ['', 'Not replayed:', ...not.map(({ rule, why }) => `  ${rule}: ${why}`)]),
  ]
}

function list(
  title: string,
  episodes: readonly Episode[],
  others: readonly Episode[],
  both: string,
  alone: string,
  width: number | undefined,
): string[] {
  if (episodes.length === 0) return [`${title}: nothing.`]
  const rows = episodes.map((episode) => [
    severityText(episode.severity),
    coloured('bold', plain([episode.rule, labelText(episode)].filter(Boolean).join(' '))),
    `${clock(episode.from)} to ${episode.until === undefined ? 'now' : clock(episode.until)}`,
    others.some((other) => isSame(episode, other)) ? both : alone,
    plain(episode.message),
  ])
  return [`${title}:`, ...columns(rows, '  ', width)]
}

/** `2026-11-29 10:00`. */
function clock(at: number): string {
  return toIso(at).slice(0, 16).replace('T', ' ')
}

function asJson(service: string, span: Span, { episodes, replayed: done, not }: Replayed, then: readonly Episode[]): object {
  const shown = (own: readonly Episode[], others: readonly Episode[]) =>
    own.map((episode) => ({
      ...{ rule: episode.rule, labels: episode.labels ?? {}, severity: episode.severity },
      from: toIso(episode.from),
      until: episode.until === undefined ? null : toIso(episode.until),
      message: episode.message,
      in_both: others.some((other) => isSame(episode, other)),
    }))
  return {
    ...{ service, kind: span.kind },
    ...{ from: toIso(span.from), until: toIso(span.until), minutes: span.minutes, instances: span.instances },
    would_have_fired: shown(episodes, then),
    did_fire: shown(then, episodes),
    replayed: done,
    not_replayed: not,
  }
}
