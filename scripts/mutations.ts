/**
 * Breaks one guard after the other (scripts/guards), each alone, in a copy of this project, and has its tests run: `npm run mutations`, or
 * `npm run mutations -- overlays` for the files with that in their names. Ends with 1 if the tests let one through.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { COMPUTE_GUARDS } from './guards/compute.ts'
import type { Guard, GuardedFile } from './guards/guard.ts'
import { JUDGE_GUARDS } from './guards/judge.ts'
import { OVERLAYS_GUARDS } from './guards/overlays.ts'
import { RULES_GUARDS } from './guards/rules.ts'

export const GUARDED: readonly GuardedFile[] = [...JUDGE_GUARDS, ...COMPUTE_GUARDS, ...OVERLAYS_GUARDS, ...RULES_GUARDS]

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json']
const AT_A_TIME = 2
/** For the tests of one guard, which may be what ends a loop. */
const LONGEST_MS = 180_000

/** The file without the guard. Throws if that does not stand there exactly once. */
export function broken(source: string, file: string, { text, becomes, breaks }: Guard): string {
  const [before, after, ...more] = source.split(text)
  if (before === undefined || after === undefined || more.length > 0) {
    const times = source.split(text).length - 1
    throw new Error(`${file} has ${JSON.stringify(text)} ${times} times, expected once ("${breaks}"): say in scripts/guards how it is now.`)
  }
  return before + becomes + after
}

type Outcome =
  | { readonly is: 'passed' }
  | { readonly is: 'failed'; readonly test: string }
  | { readonly is: 'unclear'; readonly why: string }

interface Report {
  readonly success: boolean
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** Of tests in a copy. A file that cannot even be loaded shows nothing of a guard. */
async function outcomeOf(copy: string, tests: readonly string[]): Promise<Outcome> {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const config = join(ROOT, 'scripts/guards/vitest.config.ts')
  const options = ['--config', config, '--root', copy, '--bail', '1', '--maxWorkers', '1', '--reporter', 'json', '--outputFile', report]
  // A worker in an endless loop outlives its parent: it is ended with its whole group.
  const child = spawn(process.execPath, [vitest, 'run', ...tests, ...options], {
    cwd: copy,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: 'ignore',
    detached: true,
  })
  const tooLong = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LONGEST_MS)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(tooLong)
  let told: Report
  try {
    told = JSON.parse(readFileSync(report, 'utf8')) as Report
  } catch {
    return {
      is: 'unclear',
      why: code === null ? `not over after ${LONGEST_MS / 1000} s` : `vitest ended with ${String(code)} and no report`,
    }
  }
  const failed = told.testResults.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed')
  if (failed) return { is: 'failed', test: failed.fullName }
  if (told.success && code === 0) return { is: 'passed' }
  return { is: 'unclear', why: told.testResults.map(({ message }) => message).find(Boolean) ?? `vitest ended with ${String(code)}` }
}

type Broken = Guard & Pick<GuardedFile, 'file' | 'tests'>

/** Takes one after the other from `left`, which another copy takes from as well. */
async function breakAll(copy: string, left: Broken[]): Promise<number> {
  let caught = 0
  for (let guard = left.shift(); guard; guard = left.shift()) {
    const path = join(copy, guard.file)
    const source = readFileSync(path, 'utf8')
    writeFileSync(path, broken(source, guard.file, guard))
    const outcome = await outcomeOf(copy, guard.tests)
    writeFileSync(path, source)
    if (outcome.is === 'failed') caught++
    console.log(lineOf(guard, outcome))
  }
  return caught
}

function lineOf({ file, breaks }: Broken, outcome: Outcome): string {
  const guard = `${file}: ${breaks}`
  if (outcome.is === 'failed') return `caught    ${guard}  <- ${outcome.test}`
  return outcome.is === 'passed' ? `SURVIVED  ${guard}` : `UNCLEAR   ${guard}: ${outcome.why}`
}

function copyOf(folder: string): string {
  const copy = mkdtempSync(join(folder, 'copy-'))
  const isNeeded = (path: string) => !path.endsWith('node_modules') && path !== join(ROOT, 'test/ci')
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: isNeeded })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function main(wanted: string): Promise<boolean> {
  const guards = GUARDED.flatMap(({ file, tests, guards: of }) => of.map((guard): Broken => ({ file, tests, ...guard })))
  const chosen = guards.filter(({ file }) => file.includes(wanted))
  for (const guard of chosen) broken(readFileSync(join(ROOT, guard.file), 'utf8'), guard.file, guard)
  if (chosen.length === 0) throw new Error(`No guarded file has ${JSON.stringify(wanted)} in its name: see scripts/guards.`)
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-mutations-'))
  try {
    const copies = Array.from({ length: AT_A_TIME }, () => copyOf(folder))
    const whole = await outcomeOf(copies[0]!, [...new Set(chosen.flatMap(({ tests }) => tests))])
    if (whole.is !== 'passed') {
      console.log(`With every guard in place: ${whole.is === 'failed' ? `"${whole.test}" fails` : whole.why}. Mend that first.`)
      return false
    }
    const left = [...chosen]
    const caught = (await Promise.all(copies.map((copy) => breakAll(copy, left)))).reduce((sum, each) => sum + each, 0)
    console.log(`${caught} of ${chosen.length} caught`)
    return caught === chosen.length
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = (await main(process.argv[2] ?? '')) ? 0 : 1
