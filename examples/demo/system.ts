/** Everything the demo runs, each in a process of its own but the OTLP receiver: started together, stopped the services first. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { targetFrom } from '../../src/cli/connection.ts'
import { resolveOptions, type HealthOptions } from '../../src/config/options.ts'
import type { RedisTarget } from '../../src/wire/redis-client.ts'
import { pingRedis } from './channels.ts'
import { Child } from './child.ts'
import { givenEnvironment, namesHealthRedis, serviceEnvironment, simulatorsEnvironment } from './environment.ts'
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts'
import { partsAround, type Part } from './parts.ts'
import { FETCHER_ALONE, type DemoService, type Simulators } from './services.ts'
import { freePort } from '../valkey/free-port.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Milliseconds the services have to drain and say that they stopped, and the others have afterwards: less than 3 s in all. */
const SERVICES_GRACE_MS = 2300
const OTHERS_GRACE_MS = 200
/** How much of it the first service has for itself if it hangs and others come after it. */
const FIRST_GRACE_MS = 1200

export interface SystemEvents {
  /** A part that nobody stopped ended, and how. */
  readonly onDeath: (sentence: string) => void
  /** One line a service wrote to stderr. */
  readonly onServiceLine: (line: string, service: string) => void
}

/** What runs before the services do. */
export interface Surroundings {
  readonly healthRedis: RedisTarget
  readonly control: string
  readonly otlp: OtlpReceiver | undefined
  readonly parts: readonly Part[]
}

interface Running {
  readonly service: DemoService
  readonly child: Child
}

export class System {
  /** What the first service's monitor makes of the environment. */
  readonly options: HealthOptions
  readonly #services: readonly DemoService[]
  readonly #given: NodeJS.ProcessEnv
  readonly #events: SystemEvents
  readonly #children: Child[] = []
  readonly #running: Running[] = []
  #addresses: (service: DemoService) => NodeJS.ProcessEnv = () => ({})
  #stopping = false

  /**
   * The first of `services` is where the work of the others comes from. Throws one sentence if the package is not built or a variable can't
   * be used.
   */
  constructor(env: NodeJS.ProcessEnv, events: SystemEvents, services: readonly DemoService[] = FETCHER_ALONE) {
    if (!existsSync(new URL('../../dist/register.js', import.meta.url))) {
      throw new Error('dist/register.js is missing: run "npm install" or "npm run build" first.')
    }
    this.#given = givenEnvironment(env)
    this.#services = services
    this.#events = events
    this.options = resolveOptions({ env: this.#environmentOf(services[0]!) })
  }

  /** Rejects with a sentence if something does not come up. */
  async startSurroundings(): Promise<Surroundings> {
    const given = this.#given
    const isHealthRedisGiven = namesHealthRedis(given)
    const ownRedis = given['REDIS_HOST']
    const [valkey, simulators, otlp] = await Promise.all([
      isHealthRedisGiven && ownRedis ? undefined : this.#startValkey(),
      this.#startSimulators(),
      this.#startOtlpReceiver(),
      isHealthRedisGiven ? this.#checkHealthRedis() : undefined,
    ])
    const healthRedis = isHealthRedisGiven ? targetFrom(given) : { host: '127.0.0.1', port: valkey!.port }
    const toHealthRedis = isHealthRedisGiven ? {} : { HEALTH_REDIS_HOST: healthRedis.host, HEALTH_REDIS_PORT: String(healthRedis.port) }
    const panel = await this.#startPanel(toHealthRedis)
    this.#addresses = ({ needs }) => ({
      ...toHealthRedis,
      ...(valkey && !ownRedis && { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(valkey.port) }),
      ...needs(simulators),
      ...(otlp && { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }),
    })
    const parts = partsAround({
      owner: this.#isAlone ? 'the fetcher' : 'the services',
      valkey,
      healthRedis: isHealthRedisGiven ? healthRedis : undefined,
      panel,
      simulators,
      otlp: otlp ?? (given['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] || given['OTEL_EXPORTER_OTLP_ENDPOINT'] || ''),
    })
    return { healthRedis, control: simulators.control, otlp, parts }
  }

  /** The services themselves, each started as its owner would start it. They know nothing of what watches them. */
  startServices(): readonly Part[] {
    return this.#services.map((service) => {
      const { name, title, part = name, folder } = service
      const child = this.#start({
        name: title,
        module: new URL(`../${folder}/service.ts`, import.meta.url),
        execArgv: ['--import', 'otel-health/register', '--import', new URL('end-with-parent.ts', import.meta.url).href],
        env: { ...this.#environmentOf(service), ...this.#addresses(service) },
        onStderr: (line) => this.#events.onServiceLine(line, name),
      })
      this.#running.push({ service, child })
      this.#watch(child)
      return { name: part, address: `pid ${child.pid}`, detail: `node --import otel-health/register examples/${folder}/service.ts` }
    })
  }

  /**
   * The first service gets its graceful stop, then the others theirs, then everything else ends. Takes less than 3 s whatever hangs. Resolves
   * to the titles of services that did not stop by themselves.
   */
  async stop(): Promise<readonly string[]> {
    this.#stopping = true
    const killed: string[] = []
    const end = async ({ service, child }: Running, graceMs: number): Promise<void> => {
      if (!(await child.stop(graceMs))) killed.push(service.title)
    }
    const startedAt = performance.now()
    const [first, ...others] = this.#running
    if (first) await end(first, others.length > 0 ? FIRST_GRACE_MS : SERVICES_GRACE_MS)
    const left = SERVICES_GRACE_MS - (performance.now() - startedAt)
    await Promise.all(others.map(async (each) => await end(each, left)))
    await Promise.all(this.#children.map(async (child) => await child.stop(OTHERS_GRACE_MS)))
    return killed
  }

  get #isAlone(): boolean {
    return this.#services.length === 1
  }

  #environmentOf(service: DemoService): NodeJS.ProcessEnv {
    return serviceEnvironment(service, this.#given, this.#isAlone)
  }

  async #startValkey(): Promise<{ port: number; pid: number }> {
    const port = this.#port('DEMO_VALKEY_PORT') || (await freePort())
    const valkey = this.#start({ name: 'Valkey', module: new URL('../valkey/valkey-process.ts', import.meta.url), args: [String(port)] })
    const { ready, error } = (await valkey.message()) as { ready: boolean; error?: string }
    if (!ready) throw new Error(`The embedded Valkey did not start on port ${port}: ${error}.`)
    this.#watch(valkey)
    return { port, pid: valkey.pid }
  }

  /** Resolves to its URL. */
  async #startPanel(toHealthRedis: NodeJS.ProcessEnv): Promise<{ url: string; pid: number }> {
    const url = Promise.withResolvers<string>()
    const panel = this.#start({
      name: 'The panel',
      module: new URL('../../dist/cli/main.js', import.meta.url),
      args: ['panel', '--port', String(this.#port('DEMO_PANEL_PORT'))],
      execArgv: ['--import', new URL('end-with-parent.ts', import.meta.url).href],
      env: { ...this.#given, ...toHealthRedis },
      onStdout: (line) => {
        const [address] = /https?:\/\/\S+/.exec(line) ?? []
        if (address !== undefined) url.resolve(address)
      },
    })
    const address = await panel.orEnds(url.promise)
    this.#watch(panel)
    return { url: address, pid: panel.pid }
  }

  async #startSimulators(): Promise<Simulators & { pid: number }> {
    const simulators = this.#start({
      name: 'The simulators',
      module: new URL('../simulators/main.ts', import.meta.url),
      env: simulatorsEnvironment(this.#given, this.#isAlone),
    })
    const addresses = (await simulators.message()) as Simulators
    this.#watch(simulators)
    return { ...addresses, pid: simulators.pid }
  }

  async #startOtlpReceiver(): Promise<OtlpReceiver | undefined> {
    if (this.#given['OTEL_EXPORTER_OTLP_ENDPOINT'] || this.#given['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']) return undefined
    const port = this.#port('DEMO_OTLP_PORT')
    try {
      return await startOtlpReceiver(port)
    } catch (error) {
      throw new Error(`The OTLP receiver can't listen on port ${port}: ${(error as Error).message}.`, { cause: error })
    }
  }

  async #checkHealthRedis(): Promise<void> {
    const target = targetFrom(this.#given)
    const { host, port } = target
    const variable = this.#given['HEALTH_REDIS_URL'] ? 'HEALTH_REDIS_URL' : 'HEALTH_REDIS_HOST'
    const said = variable === 'HEALTH_REDIS_URL' ? `${variable} is set` : `${variable} is ${JSON.stringify(host)}`
    try {
      await pingRedis(target)
    } catch (error) {
      const { message } = error as Error
      throw new Error(
        `${said}, but no Redis can be used at ${host}:${port} (${message}): start it or correct HEALTH_REDIS_*, or unset ${variable} to use the embedded Valkey.`,
        { cause: error },
      )
    }
  }

  /** 0, any free one, unless set. */
  #port(name: string): number {
    const text = this.#given[name] || '0'
    const port = Number(text)
    if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
    throw new Error(`${name} is ${JSON.stringify(text)}, expected a port number.`)
  }

  #start(options: Omit<ConstructorParameters<typeof Child>[0], 'env' | 'cwd'> & { env?: NodeJS.ProcessEnv }): Child {
    // A stop that overtakes the start must not leave behind what the start goes on to make.
    if (this.#stopping) throw new Error('The demo is stopping.')
    const child = new Child({ env: this.#given, ...options, cwd: ROOT })
    this.#children.push(child)
    return child
  }

  #watch(child: Child): void {
    void child.ended.then((how) => {
      if (!this.#stopping) this.#events.onDeath(`${child.name} (pid ${child.pid}) ${how}.`)
    })
  }
}
