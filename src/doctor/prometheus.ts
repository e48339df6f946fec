/** The end of the chain: whether Prometheus has what the service measures, under the names that the dashboards ask for. */
import { HEALTH_HEARTBEAT_TIME } from '../catalogue.ts'
import { duration } from '../subscribe/duration.ts'
import { prometheusName } from '../export/prometheus-name.ts'
import { errorText } from './error-text.ts'
import { fail, ok, skip, warn, type Finding } from './finding.ts'

/** Every service exports it, and each translation strategy gives it another name. */
const HEARTBEAT = prometheusName(HEALTH_HEARTBEAT_TIME)

/** Whatever the translation: dots or underscores, with or without its unit. */
const ANY_HEARTBEAT = `{__name__=~"health[._]heartbeat[._]time.*"}`

export interface PrometheusQuestion {
  /** As given by the user; may hold user and password, and a path where a proxy has one. */
  readonly url: string
  /** `undefined`: the configuration does not say how the service is called. */
  readonly job: string | undefined
  /** Seconds between two exports. */
  readonly exportIntervalSeconds: number
  /** Whether the service gives signs of life on Redis. */
  readonly beating: Promise<boolean>
}

export async function checkPrometheus(question: PrometheusQuestion, signal: AbortSignal): Promise<Finding[]> {
  const api = prometheusApi(question.url, signal)
  if (!api) {
    return [fail('prometheus', 'its address is no URL of http or https', 'Write it as in --prometheus http://localhost:9090.')]
  }
  const build = await api.get('status/buildinfo')
  if ('trouble' in build) return [fail('prometheus', `${api.address}: ${build.trouble}`, build.mend)]
  const { version } = build.data as { version?: string }
  const [flags, own, all] = await Promise.all([
    api.get('status/flags'),
    question.job === undefined ? undefined : api.get('query', `${HEARTBEAT}{job=${JSON.stringify(question.job)}}`),
    api.get('query', ANY_HEARTBEAT),
  ])
  return [
    ok('prometheus', `Prometheus ${version ?? 'of unknown version'} at ${api.address}`),
    receiverOf(flags),
    ...seriesOf(question, await question.beating, own, all),
  ]
}

interface Trouble {
  readonly trouble: string
  readonly mend: string
}
type Reply = { readonly data: unknown } | Trouble

interface Api {
  /** Without user and password. */
  readonly address: string
  get(path: string, query?: string): Promise<Reply>
}

function prometheusApi(given: string, signal: AbortSignal): Api | undefined {
  const base = URL.parse(given)
  if (!base || !['http:', 'https:'].includes(base.protocol)) return undefined
  const headers = authorization(base)
  const address = base.origin + base.pathname.replace(/\/$/, '')
  return {
    address,
    async get(path, query) {
      const url = `${address}/api/v1/${path}${query === undefined ? '' : `?query=${encodeURIComponent(query)}`}`
      try {
        const response = await fetch(url, { signal, redirect: 'manual', ...(headers && { headers }) })
        return await replyOf(response)
      } catch (error) {
        return troubleOf(errorText(error))
      }
    },
  }
}

/** fetch takes no credentials in a URL. */
function authorization({ username, password }: URL): { authorization: string } | undefined {
  if (!username && !password) return undefined
  const given = [username, password].map((part) => decodeURIComponent(part.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')))
  return { authorization: `Basic ${Buffer.from(given.join(':')).toString('base64')}` }
}

const WHERE = 'Give its address with --prometheus or HEALTH_PROMETHEUS_URL, as in http://localhost:9090.'

async function replyOf(response: Response): Promise<Reply> {
  if (response.status === 401 || response.status === 403) {
    return {
      trouble: `answers ${response.status}: it wants other credentials`,
      mend: 'Put them into HEALTH_PROMETHEUS_URL, as in http://user:password@host:9090.',
    }
  }
  const body = (await response.json().catch(() => undefined)) as { status?: string; data?: unknown } | undefined
  if (response.ok && body?.status === 'success') return { data: body.data }
  return { trouble: `answers ${response.status}, but not as Prometheus does`, mend: WHERE }
}

function troubleOf(text: string): Trouble {
  if (text === 'ECONNREFUSED') return { trouble: 'nobody listens there', mend: `Start it. ${WHERE}` }
  if (text === 'ENOTFOUND' || text === 'EAI_AGAIN') return { trouble: 'the name has no address', mend: WHERE }
  return { trouble: `does not answer (${text})`, mend: WHERE }
}

function receiverOf(flags: Reply): Finding {
  if ('trouble' in flags) return skip('prometheus-otlp', 'it does not tell whether its OTLP receiver is on')
  const { 'web.enable-otlp-receiver': receiver } = flags.data as Readonly<Record<string, string | undefined>>
  if (receiver === 'true') return ok('prometheus-otlp', 'its OTLP receiver is on')
  if (receiver === undefined) return skip('prometheus-otlp', 'it does not know the flag of an OTLP receiver')
  return warn(
    'prometheus-otlp',
    'its OTLP receiver is off',
    'Start it with --web.enable-otlp-receiver, unless metrics come to it by another way than OTLP.',
  )
}

interface Series {
  readonly name: string
  readonly job: string
  readonly instance: string
  /** Unix time in seconds. */
  readonly beat: number
  /** Unix time of Prometheus in seconds. */
  readonly at: number
}

function seriesIn(reply: Reply | undefined): Series[] {
  if (!reply || 'trouble' in reply) return []
  const { result = [] } = reply.data as { result?: { metric: Record<string, string>; value: [number, string] }[] }
  return result.map(({ metric, value: [at, beat] }) => ({
    name: metric['__name__'] ?? '',
    job: metric['job'] ?? '',
    instance: metric['instance'] ?? '',
    beat: Number(beat),
    at,
  }))
}

function seriesOf(
  { job, exportIntervalSeconds }: PrometheusQuestion,
  beating: boolean,
  ownReply: Reply | undefined,
  allReply: Reply,
): Finding[] {
  const [own, all] = [seriesIn(ownReply), seriesIn(allReply)]
  const otherwise = all.filter(({ name }) => name !== HEARTBEAT)
  const names =
    otherwise.length === 0
      ? all.length === 0
        ? skip('prometheus-names', 'no service has series yet, so their names are not known')
        : ok('prometheus-names', `names are as the dashboards ask for them (${HEARTBEAT})`)
      : fail(
          'prometheus-names',
          `the heartbeat of ${list(otherwise.map((each) => each.job))} is called ${list(otherwise.map(({ name }) => name))}, but the dashboards ask for ${HEARTBEAT}`,
          'Set otlp.translation_strategy: UnderscoreEscapingWithSuffixes in prometheus.yml.',
        )
  if (job === undefined) return [skip('prometheus-series', 'the configuration does not say how the service is called'), names]
  if (own.length > 0) return [ageOf(own, job, exportIntervalSeconds), names]
  if (otherwise.some((each) => each.job === job))
    return [skip('prometheus-series', `figures of ${job} are there, but under other names`), names]
  const others = list(all.map((each) => each.job))
  const message = `there is no ${HEARTBEAT} of job ${job}${others === '' ? '' : ` (there are those of ${others})`}`
  if (!beating) return [warn('prometheus-series', message, 'Start the service, and look again after its first export.'), names]
  return [
    fail(
      'prometheus-series',
      `${message}, though the service beats on Redis`,
      'Look at otlp above and at what the service wrote to stderr, then at the log of the collector: its export to Prometheus may fail.',
    ),
    names,
  ]
}

/** A heartbeat is this many exports old at most while all is well. */
const MOST_EXPORTS = 3

function ageOf(own: readonly Series[], job: string, exportIntervalSeconds: number): Finding {
  const ages = own.map(({ at, beat }) => at - beat)
  const newest = Math.min(...ages)
  const message = `the newest heartbeat of ${job} is ${duration(newest * 1000)} old, from ${own.length} instance${own.length === 1 ? '' : 's'}`
  if (newest <= exportIntervalSeconds * MOST_EXPORTS) return ok('prometheus-series', message)
  return warn(
    'prometheus-series',
    `${message}: older than ${MOST_EXPORTS} exports`,
    'Look whether the service still runs and exports, and whether the collector’s queue is filling.',
  )
}

function list(words: readonly string[]): string {
  return [...new Set(words)].join(', ')
}
