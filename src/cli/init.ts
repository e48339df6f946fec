/** `otel-health init`: looks at the project here, shows what it would write, asks, and writes. Nothing that is there is overwritten. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { healthConfigIn, readHealthConfig } from '../config/health-config-file.ts'
import { toServiceName } from '../config/service-name.ts'
import { NoPlan, planFor, type Plan } from '../init/plan.ts'
import { readProjectFiles } from '../init/project-files.ts'
import { byHand, diffOf, foundRows, nextSteps } from '../init/told.ts'
import { QUEUE_LIBRARIES } from '../instrument/queues/queue-libraries.ts'
import { KINDS } from '../kinds/index.ts'
import type { Io } from './commands.ts'
import { CommandError, OK, UNHEALTHY, USAGE } from './outcome.ts'
import { columns, coloured, plain, wrapped } from './text.ts'

export interface InitOptions {
  /** Writes without asking. */
  readonly yes: boolean
  readonly entry?: string | undefined
  /** Default: the working directory. */
  readonly cwd?: string
}

export async function init(io: Io, { yes, entry, cwd = process.cwd() }: InitOptions): Promise<number> {
  const files = readProjectFiles(cwd)
  if (!files) throw new CommandError(USAGE, `There is no package.json in ${cwd} or above: run it in the folder of the service.`)
  const { folder } = files
  const plan = plannedFor({ files, entry, existing: existingIn(folder) })
  const { changes, config, found } = plan
  if (io.json && !yes) {
    io.out(asJson(folder, plan, false))
    return OK
  }
  if (!io.json) for (const line of shown(folder, plan, io.width?.())) io.out(line)
  if (changes.length > 0) {
    if (!yes && !(await isWanted(io))) return OK
    write(folder, plan)
    if (changes.some(({ path }) => path === config) && found.isInstalled) checkWritten(folder, config)
  }
  if (io.json) io.out(asJson(folder, plan, changes.length > 0))
  else for (const line of afterwards(plan)) io.out(line)
  return OK
}

function existingIn(folder: string): string | undefined {
  try {
    const file = healthConfigIn(folder)
    return file && basename(file)
  } catch (error) {
    throw new CommandError(USAGE, (error as Error).message)
  }
}

function plannedFor(options: Omit<Parameters<typeof planFor>[0], 'watched' | 'toName'>): Plan {
  try {
    return planFor({ ...options, watched: QUEUE_LIBRARIES.map(({ name }) => name), toName: toServiceName })
  } catch (error) {
    if (error instanceof NoPlan) throw new CommandError(USAGE, error.message)
    throw error
  }
}

async function isWanted(io: Io): Promise<boolean> {
  if (!io.ask) {
    io.talk('Nothing is written, for nobody can be asked here: otel-health init --yes writes it.')
    return false
  }
  const isYes = /^\s*y(es)?\s*$/i.test(await io.ask('Write this? [y/N] '))
  if (!isYes) io.talk('Nothing is written.')
  return isYes
}

function write(folder: string, { changes }: Plan): void {
  for (const { path, before, after } of changes) {
    const file = join(folder, path)
    if (before !== undefined && readFileSync(file, 'utf8') !== before)
      throw new CommandError(UNHEALTHY, `${file} was changed meanwhile: run otel-health init again.`)
    try {
      writeFileSync(file, after, { flag: before === undefined ? 'wx' : 'w' })
    } catch (error) {
      throw new CommandError(
        UNHEALTHY,
        `${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'for a reason that is not known'}).`,
      )
    }
  }
}

/** What was written is loaded as the service will load it. */
function checkWritten(folder: string, config: string): void {
  try {
    readHealthConfig(join(folder, config), KINDS)
  } catch (error) {
    throw new CommandError(UNHEALTHY, `What was written cannot be used, which is a bug of otel-health: ${(error as Error).message}`)
  }
}

function shown(folder: string, { serviceName, found, changes, config, script }: Plan, width: number | undefined): readonly string[] {
  const isNew = changes.some(({ path }) => path === config)
  return [
    `${coloured('bold', plain(serviceName))} in ${plain(folder)}`,
    ...columns(
      foundRows(found).map(([what, is]) => [coloured('dim', what), plain(is)]),
      '  ',
      width,
    ),
    '',
    ...(isNew ? [] : [`${config} is there already, and stays as it is.`]),
    ...(changes.length === 0 ? ['There is nothing to write.'] : []),
    ...changes.flatMap((change) => [...diffOf(change).map(colouredLine), '']),
    ...handLines(found, config, script, width),
  ]
}

/** What init does not do, for it is in files of other programs. */
function handLines(found: Plan['found'], config: string, script: string | undefined, width: number = Infinity): readonly string[] {
  const hand = byHand(found, config)
  const isStarted = script !== undefined || hand.length > 0
  const left = isStarted ? hand : ['nothing here says how the service is started: otel-health init --entry <file> says it']
  if (left.length === 0) return []
  return [coloured('bold', 'To be done by hand:'), ...left.flatMap((each) => wrapped(plain(each), width, '    ', '  ')), '']
}

function colouredLine(line: string): string {
  if (/^(?:\+\+\+|---) /.test(line)) return coloured('bold', line)
  if (line.startsWith('+')) return coloured('green', line)
  return line.startsWith('-') ? coloured('red', line) : line
}

function afterwards({ found, script, serviceName }: Plan): readonly string[] {
  return [coloured('bold', 'Then:'), ...nextSteps(found, script, serviceName).map((step) => `  ${step}`)]
}

function asJson(folder: string, { serviceName, found, changes, config, script }: Plan, written: boolean): string {
  return JSON.stringify({
    folder,
    service: serviceName,
    config,
    found,
    changes: changes.map(({ path, before, after }) => ({ path, before: before ?? null, after })),
    by_hand: byHand(found, config),
    next: nextSteps(found, script, serviceName),
    written,
  })
}
