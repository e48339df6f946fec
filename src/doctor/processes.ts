/**
 * What the processes of this machine that run under otel-health are to it, and why: by the rules that they themselves follow when they start.
 * What they found out since is theirs alone: a launcher that has loaded the service by now reports.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'

import type { Environment } from '../config/options.ts'
import { processFacts, type ProcessStart } from '../zero-code/process-facts.ts'
import { processRole, roleSentence } from '../zero-code/process-role.ts'
import { ok, skip, type Finding } from './finding.ts'
import { REGISTER } from './registration.ts'

const MOST_NAMED = 20

/** Options of Node whose value is the next word. */
const WITH_VALUE = /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--title|--stack-trace-limit)$/

/** `processes`: where the kernel shows them; there is such a folder on Linux only. */
export function checkProcesses(processes: string = '/proc'): Finding {
  const found = pidsIn(processes).flatMap((pid) => {
    const start = startOf(join(processes, String(pid)))
    return start ? [roleSentence(pid, processRole(processFacts(start)))] : []
  })
  if (found.length === 0) return skip('processes', 'no process that runs under otel-health can be seen from here')
  const more = found.length > MOST_NAMED ? [`${found.length - MOST_NAMED} more`] : []
  return ok('processes', [...found.slice(0, MOST_NAMED), ...more].join('; '))
}

function pidsIn(processes: string): readonly number[] {
  try {
    return readdirSync(processes)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .toSorted((a, b) => a - b)
  } catch {
    return []
  }
}

/** `undefined`: it is none of Node under otel-health, is another user's, or has ended. */
function startOf(folder: string): ProcessStart | undefined {
  try {
    if (!basename(readlinkSync(join(folder, 'exe'))).startsWith('node')) return undefined
    const words = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0')
    const env: Environment = Object.fromEntries(
      readFileSync(join(folder, 'environ'), 'utf8')
        .split('\0')
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    )
    if (!REGISTER.test(env['NODE_OPTIONS'] ?? '') && !words.some((word) => REGISTER.test(word))) return undefined
    const stat = readFileSync(join(folder, 'stat'), 'utf8')
    return {
      script: scriptOf(words),
      cwd: readlinkSync(join(folder, 'cwd')),
      // After the name, which may hold anything: state, parent.
      parentPid: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]),
      hasChannel: env['NODE_CHANNEL_FD'] !== undefined,
      isClusterWorker: env['NODE_UNIQUE_ID'] !== undefined,
      env,
    }
  } catch {
    return undefined
  }
}

function scriptOf([title = '', ...words]: readonly string[]): string | undefined {
  // PM2 gives its processes the title `node /app/service.js`, in one word.
  if (title.includes(' ')) return title.slice(title.indexOf(' ') + 1)
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (WITH_VALUE.test(word)) index++
    else if (!word.startsWith('-')) return word === '' ? undefined : word
    else if (/^(?:-e|-p|-pe|--eval|--print|-)$/.test(word)) return undefined
  }
  return undefined
}
