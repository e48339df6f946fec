/**
 * Where `npm run fault` finds the demo: one small file per running demo, named after its process. A demo that was killed leaves its
 * file behind; whoever looks next removes it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/otel-health/', import.meta.url))
const FILE_NAME = /^demo-(?<pid>\d+)\.json$/

export interface RunningDemo {
  readonly pid: number
  /** Address of its control server. */
  readonly control: string
  /** Epoch milliseconds. */
  readonly startedAt: number
}

/** Returns what removes the announcement. A folder that can't be written only means that nobody finds the demo. */
export function announce(demo: RunningDemo): () => void {
  const file = join(FOLDER, `demo-${demo.pid}.json`)
  try {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, JSON.stringify(demo))
  } catch {
    return () => {}
  }
  return () => rmSync(file, { force: true })
}

/** Newest first. */
export function runningDemos(): readonly RunningDemo[] {
  const demos: RunningDemo[] = []
  for (const name of list()) {
    const pid = Number(FILE_NAME.exec(name)?.groups?.['pid'])
    if (!pid) continue
    const demo = isAlive(pid) ? read(name) : undefined
    if (demo) demos.push(demo)
    else rmSync(join(FOLDER, name), { force: true })
  }
  return demos.toSorted((a, b) => b.startedAt - a.startedAt)
}

function list(): readonly string[] {
  try {
    return readdirSync(FOLDER)
  } catch {
    return []
  }
}

function read(name: string): RunningDemo | undefined {
  try {
    const demo = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as RunningDemo
    return typeof demo.control === 'string' ? demo : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
