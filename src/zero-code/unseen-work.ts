/** What is said of a service in which nothing is seen of its work. Pure. */
import { basename } from 'node:path'

import type { WorkSeen } from '../service/work.ts'
import { NO_SOURCE } from '../wire/no-source.ts'

export interface UnseenFacts {
  /** Packages through which services take work, and that this one has loaded. */
  readonly loaded: readonly string[]
  /** Those of them whose workers are seen. */
  readonly seen: ReadonlySet<string>
  /** health.config says what is an attempt; `none`: that there is nothing. */
  readonly configured: 'attempts' | 'none' | 'nothing'
  /** What was started. */
  readonly script: string | undefined
}

export interface Unseen extends WorkSeen {
  /** What to tell the people who started it; `undefined`: nothing. */
  readonly warning?: string
}

const MOST_NAMED = 3

/**
 * Who has loaded a library whose workers are seen, and has none, adds jobs for others; who says that there is no work has none. They owe
 * nothing. Of everybody else it is not known what they do.
 */
export function unseenWork({ loaded, seen, configured, script }: UnseenFacts): Unseen {
  if (configured === 'none') return { sources: 0, why: `${NO_SOURCE}: health.config says that there is none`, isIdle: true }
  // That its module was not loaded has been said.
  if (configured === 'attempts') return { sources: 0, why: `${NO_SOURCE}: nothing of what health.config calls an attempt is loaded` }
  const unknown = loaded.filter((name) => !seen.has(name))
  if (unknown.length === 0 && loaded.length > 0) {
    return { sources: 0, why: `no worker of ${named(loaded)} runs here`, isIdle: true }
  }
  const found =
    unknown.length === 0
      ? ''
      : `: ${named(unknown)} ${unknown.length === 1 ? 'is' : 'are'} loaded, and what is done with ${unknown.length === 1 ? 'it' : 'them'} is not seen`
  const line = `methods: [{ module: './${script === undefined ? 'worker.js' : basename(script)}', function: 'handleJob', records: 'attempt' }]`
  return {
    sources: 0,
    why: `${NO_SOURCE}${found}`,
    warning:
      `otel-health: ${NO_SOURCE}${found}, so that its rates are unknown. Name the function that does the work in health.config: ${line}` +
      (unknown.length === 0 ? '; or say that there is none: methods: []' : ''),
  }
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED)
  return names.length > MOST_NAMED ? `${shown.join(', ')} and ${names.length - MOST_NAMED} more` : shown.join(' and ')
}
