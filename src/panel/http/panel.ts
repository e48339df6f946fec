/** The panel as a handler of requests: it asks its data, and knows nothing of Redis. */
import { systemClock } from '../../clock.ts'
import { diag } from '../../diag.ts'
import type { Clock } from '../../types.ts'
import { VERSION } from '../../version.ts'
import { isAction } from '../../wire/control-request.ts'
import type { PanelData } from '../panel-data.ts'
import type { Session } from '../protocol.ts'
import { accessOf, type PanelAuth } from './access/access-of.ts'
import type { Access } from './access/access.ts'
import type { User } from './access/rights.ts'
import type { SessionLimits } from './access/sessions.ts'
import { answering, VISIT_RATES, type VisitRates } from './answering.ts'
import { BASE_PATH, type PanelEnv, type Where } from './call.ts'
import { LiveStreams, type StreamLimits } from './live.ts'
import { Login, type LoginRates } from './login.ts'
import { Pages } from './pages.ts'
import { refusalAnswer, Refused } from './refused.ts'
import type { Route } from './route.ts'
import { routesOf } from './routes.ts'
import { withSafeHeaders } from './safe-headers.ts'
import { StatusPage } from './status-page.ts'

export interface PanelHttpOptions {
  /** How people log in. Default: nobody has to, and only this machine is answered. */
  readonly auth?: PanelAuth
  /** How people reach the panel, prefix included: `https://ops.example.org/health`. Default: as each request says. */
  readonly publicUrl?: string
  /** The prefix alone, as `/health`, where the server that the panel is mounted in neither takes it off nor says so. */
  readonly basePath?: string
  /** Whether services can be paused, drained, stopped, started and restarted from here, by who has the right. Default: yes. */
  readonly control?: boolean
  /** Whether `/status` shows everybody names and states. Default: no. */
  readonly public?: boolean
  readonly sessions?: SessionLimits
  readonly streams?: StreamLimits
  /** How often somebody may fail to log in. */
  readonly loginRates?: LoginRates
  /** How often somebody may act, and export. */
  readonly visitRates?: Partial<VisitRates>
}

/** What pages are told of the settings. */
export interface PanelFacts {
  readonly grafana?: string
  readonly prometheus: boolean
  readonly retentionHours: number
}

/** A server that the panel is mounted in passes on what it was asked, and where Node is its server, with what. */
export type PanelFetch = (request: Request, env?: PanelEnv) => Promise<Response>

/** What is made anew where a start has failed: who reads from Redis begins once. */
interface Serving {
  readonly data: PanelData
  readonly live: LiveStreams
  readonly routes: readonly Route[]
  readonly answer: PanelFetch
}

export class Panel {
  /** Needs no `this`. Before `start` has been called it does that by itself. */
  readonly fetch: PanelFetch
  readonly #make: () => Serving
  readonly #access: Access
  readonly #login: Login
  #serving: Serving
  #starting: Promise<void> | undefined
  #isClosed = false

  /** Throws one sentence if an option cannot be used. `pages`: the folder of the built pages. */
  constructor(
    makeData: () => PanelData,
    facts: PanelFacts,
    options: PanelHttpOptions,
    { clock = systemClock, pages: folder }: { readonly clock?: Clock; readonly pages?: string } = {},
  ) {
    const where = whereOf(options)
    const access = accessOf(options.auth ?? { login: 'none' }, where.publicUrl, clock)
    const { control = true } = options
    const describe = (user: User | undefined): Session => ({
      ...(user ? { user: user.name, role: user.role, may: user.may.filter((action) => control || !isAction(action)) } : { may: [] }),
      control,
      login: access.login,
      version: VERSION,
      ...facts,
    })
    const login = new Login(access, { sessions: options.sessions ?? {}, rates: options.loginRates ?? {}, clock, describe })
    const pages = new Pages(folder)
    const rates = { ...VISIT_RATES, ...options.visitRates }
    this.#access = access
    this.#login = login
    this.#make = () => {
      const data = makeData()
      const live = new LiveStreams(data.feed, clock, options.streams)
      const statusPage = options.public ? { statusPage: new StatusPage(data.feed, clock) } : {}
      const routes = routesOf({ data, pages, live, login, control, ...statusPage })
      return { data, live, routes, answer: answering({ routes, login, where, rates, clock }) }
    }
    this.#serving = this.#make()
    this.fetch = (request, env) => this.#answer(request, env)
  }

  /** Rejects if the health Redis cannot be reached; called again, it tries again. */
  async start(): Promise<void> {
    this.#starting ??= this.#serving.data.start().catch((error: unknown) => {
      this.#starting = undefined
      this.#serving = this.#make()
      throw error
    })
    return this.#starting
  }

  /** Ends live streams and sessions, and lets go of Redis. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#serving.live.close()
    this.#login.close()
    await this.#starting?.catch(() => {})
    await this.#serving.data.stop()
  }

  /** All that is served. */
  get routes(): readonly Route[] {
    return this.#serving.routes
  }

  /** Live streams that are open now. */
  get openStreams(): number {
    return this.#serving.live.open
  }

  /** Throws one sentence where a server on this host would let in who must not get in. */
  checkHost(host: string): void {
    this.#access.checkHost?.(host)
  }

  async #answer(request: Request, env: PanelEnv | undefined): Promise<Response> {
    if (this.#isClosed) return notNow('The panel has ended.')
    try {
      await this.start()
    } catch (error) {
      diag.warn(`The panel cannot start: ${error instanceof Error ? error.message : String(error)}`)
      return notNow('The panel does not reach the health Redis.')
    }
    return this.#serving.answer(request, env)
  }
}

function notNow(sentence: string): Response {
  return withSafeHeaders(refusalAnswer(new Refused(503, sentence, { 'retry-after': '5' })))
}

function whereOf({ publicUrl, basePath }: PanelHttpOptions): Where {
  const url = publicUrl === undefined ? undefined : checkedUrl(publicUrl)
  const base = basePath?.replace(/\/+$/, '') ?? url?.pathname.replace(/\/+$/, '')
  if (base !== undefined && !BASE_PATH.test(base))
    throw new Error(
      `The prefix of the panel is ${JSON.stringify(base)}, expected a path such as /health, of letters, digits, ".", "_", "~" and "-".`,
    )
  const [, first = ''] = base?.split('/') ?? []
  if (OWN_NAMES.includes(first))
    throw new Error(
      `The prefix of the panel is ${JSON.stringify(base)}, expected one that does not begin as a page of the panel does: /health, say.`,
    )
  return { ...(url && { publicUrl: url }), ...(base !== undefined && { basePath: base }) }
}

/** A path below such a prefix could not be told from one of the panel. */
const OWN_NAMES = ['api', 'assets', 'service', 'alert', 'map', 'trends', 'silences', 'journal', 'login', 'status']

function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  const isRight =
    url && (url.protocol === 'https:' || url.protocol === 'http:') && !url.username && !url.password && !url.search && !url.hash
  if (!isRight)
    throw new Error(
      'The public URL of the panel cannot be used, expected one such as https://ops.example.org/health, without user and query.',
    )
  return url
}
