/** A PostgreSQL server of the machine's own installation, on a port and in a folder of its own. Needs root, to run it as its user. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { freePort } from '../../examples/valkey/free-port.ts'

const run = promisify(execFile)

/** As PostgreSQL demands, not as root. */
const asPostgres = (command: string, ...args: string[]): [string, string[]] => ['runuser', ['-u', 'postgres', '--', command, ...args]]

export class RealPostgres {
  readonly port: number
  readonly #bin: string
  readonly #data: string

  private constructor(port: number, bin: string, data: string) {
    this.port = port
    this.#bin = bin
    this.#data = data
  }

  /** Made and started. */
  static async create(): Promise<RealPostgres> {
    const [version] = (await readdir('/usr/lib/postgresql')).toSorted().toReversed()
    const data = await mkdtemp(join(tmpdir(), 'otel-health-postgres-'))
    await chmod(data, 0o777)
    const postgres = new RealPostgres(await freePort(), `/usr/lib/postgresql/${version}/bin`, data)
    await run(...asPostgres(`${postgres.#bin}/initdb`, '--no-sync', '-A', 'trust', '-D', join(data, 'db')))
    await postgres.start()
    return postgres
  }

  async start(): Promise<void> {
    await this.#control('-o', `-p ${this.port} -k ${this.#data} -c listen_addresses=127.0.0.1 -c log_connections=on`, 'start')
  }

  /** Makes one and returns where it is. Workers of Graphile Worker that share one hear of each other's migrations, and end. */
  async database(name: string): Promise<string> {
    await run(...asPostgres(`${this.#bin}/createdb`, '-h', '127.0.0.1', '-p', String(this.port), name))
    return `postgres://postgres@127.0.0.1:${this.port}/${name}`
  }

  async stop(): Promise<void> {
    await this.#control('-m', 'immediate', 'stop')
  }

  /** To the server and its backends: a frozen postmaster alone goes on answering on connections that exist. */
  async signalAll(signal: NodeJS.Signals): Promise<void> {
    const postmaster = Number((await readFile(join(this.#data, 'db/postmaster.pid'), 'utf8')).split('\n')[0])
    const children = await run('pgrep', ['-P', String(postmaster)]).catch(() => ({ stdout: '' }))
    for (const pid of [postmaster, ...children.stdout.split('\n').filter(Boolean).map(Number)]) process.kill(pid, signal)
  }

  /** What it has written to its log. */
  async log(): Promise<string> {
    return await readFile(join(this.#data, 'log'), 'utf8')
  }

  /** Stopped, in whatever state it was, and deleted. */
  async remove(): Promise<void> {
    await this.signalAll('SIGCONT').catch(() => {})
    await this.stop().catch(() => {})
    await rm(this.#data, { recursive: true, force: true })
  }

  async #control(...args: string[]): Promise<void> {
    await run(...asPostgres(`${this.#bin}/pg_ctl`, '-D', join(this.#data, 'db'), '-w', '-l', join(this.#data, 'log'), ...args))
  }
}
