/** What init says: what it found, what it would change, and what is left to do. Pure. */
import type { Findings } from './findings.ts'
import { theOne } from './pieces-of-work.ts'

/** Rows of what was found: what it is, and what there is of it. */
export function foundRows(found: Findings): readonly (readonly [string, string])[] {
  const { language, modules, frameworks, queueLibraries, queueNames, clients, upstreams, keys, pieces, scripts, entry } = found
  const named = queueNames.length > 0 ? ` (${queueNames.join(', ')})` : ''
  const queues = queueLibraries.map(
    ({ name, isWatched }) => `${name}, ${isWatched ? 'seen by itself' : 'whose work must be named in methods'}`,
  )
  const one = theOne(pieces)
  const functions = pieces.slice(0, 5).map(({ path, name }) => `${name} of ${path}`)
  const rows: readonly (readonly [string, string])[] = [
    ['language', `${language}, ${modules}`],
    ['framework', frameworks.join(', ')],
    ['queues', queues.length > 0 ? `${queues.join('; ')}${named}` : ''],
    ['redis keys', keys.map(({ key, type }) => `${key} (${type})`).join(', ')],
    ['clients', clients.join(', ')],
    ['upstreams', upstreams.map(({ host }) => host).join(', ')],
    ['work', one && !queueLibraries.some(({ isWatched }) => isWatched) ? `${one.name} of ${one.path}` : functions.join(', ')],
    ['started by', scripts.length > 0 ? scripts.map(({ name, command }) => `${name}: ${command}`).join('; ') : (entry ?? 'not found')],
  ]
  return rows.filter(([, what]) => what !== '')
}

export interface Change {
  readonly path: string
  /** `undefined`: the file is new. */
  readonly before: string | undefined
  readonly after: string
}

/** What differs, as `diff -u` shows it, with a line of what is around it. */
export function diffOf({ path, before, after }: Change): readonly string[] {
  const [old, now] = [before === undefined ? [] : linesOf(before), linesOf(after)]
  const lines = edited(old, now)
  const isShown = lines.map((_, i) => lines.slice(Math.max(i - 1, 0), i + 2).some((line) => !line.startsWith(' ')))
  return [`--- ${before === undefined ? '/dev/null' : path}`, `+++ ${path}`, ...lines.filter((_, i) => isShown[i])]
}

/** Every line, with what became of it before it: the fewest that are taken away or added. */
function edited(old: readonly string[], now: readonly string[]): readonly string[] {
  // How many lines the rests of both have in common, from each line on.
  const common: number[][] = Array.from({ length: old.length + 1 }, () => Array.from({ length: now.length + 1 }, () => 0))
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      common[i]![j] = old[i] === now[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(` ${old[i++]}`)
      j++
    } else if (j >= now.length || (i < old.length && common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(`-${old[i++]}`)
    else lines.push(`+${now[j++]}`)
  }
  return lines
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n')
}

/** What people do by hand, each a sentence without a full stop. */
export function byHand(found: Findings, configName: string): readonly string[] {
  const left = found.scripts.flatMap(({ name, change }) =>
    change.is === 'left' ? [`${name} is started by ${change.launcher}: ${change.advice}`] : [],
  )
  const others = found.others.map(({ file, advice }) => `${file}: ${advice}`)
  const image = found.others.some(({ file }) => /Dockerfile/i.test(file))
    ? [`the image must have ${configName} in the folder of package.json`]
    : []
  return [...left, ...others, ...image]
}

const ADDS: Readonly<Record<Findings['installer'], string>> = { npm: 'npm install', pnpm: 'pnpm add', yarn: 'yarn add', bun: 'bun add' }

/** Commands, in their order. */
export function nextSteps(found: Findings, script: string | undefined, serviceName: string): readonly string[] {
  const { installer } = found
  const npx = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' }[installer]
  return [
    ...(found.isInstalled ? [] : [`${ADDS[installer]} otel-health @opentelemetry/api`]),
    ...(script === undefined ? [] : [script === 'start' ? `${installer} start` : `${installer} run ${script}`]),
    `${npx} otel-health status ${serviceName}`,
  ]
}
