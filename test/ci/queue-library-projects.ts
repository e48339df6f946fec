/** One project in which every version of every queue library is installed, each in a workspace of its own, and services that run there. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const REGISTER = fileURLToPath(new URL('../../dist/register.js', import.meta.url))
/** That of whoever runs this through npm, or else the machine's. */
const npm = process.env['npm_execpath'] === undefined ? (['npm'] as const) : ([process.execPath, process.env['npm_execpath']] as const)

export interface ServiceRun {
  readonly exitCode: number | null
  readonly stderr: string
  /** What it printed last, as JSON; its output if that is none. */
  readonly printed: unknown
}

export class QueueLibraryProjects {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** `dependencies`: by the name of the workspace. */
  static async install(dependencies: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<QueueLibraryProjects> {
    const folder = await mkdtemp(join(tmpdir(), 'otel-health-queues-'))
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'queues', private: true, workspaces: ['*'] }))
    for (const [name, versions] of Object.entries(dependencies)) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'package.json'), JSON.stringify({ name, version: '1.0.0', dependencies: versions }))
    }
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
    const [command, ...cli] = npm
    await promisify(execFile)(command, [...cli, 'install', ...flags], { cwd: folder })
    return new QueueLibraryProjects(folder)
  }

  /** Writes these files, by their names, into a folder of the workspace, and returns its path. */
  async write(workspace: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(this.#folder, workspace, 'service-'))
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    return folder
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Runs `script` in `folder` to its end, with our register or without. */
export async function runService(
  folder: string,
  script: string,
  { isWatched, env }: { readonly isWatched: boolean; readonly env: Readonly<Record<string, string>> },
): Promise<ServiceRun> {
  const child = spawn(process.execPath, [...(isWatched ? ['--import', REGISTER] : []), script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stderr: output.stderr, printed: parsed(output.stdout) }
}

/** Runs `script` in `folder` until it prints `ready`; returns what kills it. Rejects if it ends before. */
export async function runUntilReady(folder: string, script: string, env: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], ...env },
  })
  const closed = once(child, 'close')
  const ready = new Promise<void>((resolve) => child.stdout.on('data', (chunk: Buffer) => chunk.includes('ready') && resolve()))
  await Promise.race([ready, closed.then(() => Promise.reject(new Error(`${script} in ${folder} has ended`)))])
  return async () => {
    child.kill('SIGKILL')
    await closed
  }
}

function parsed(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  } catch {
    return stdout
  }
}
