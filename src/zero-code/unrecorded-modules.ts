/** What is said of modules that health.config names and of which nothing is recorded: why, as far as that is known. */
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import type { Unmatched } from '../instrument/hook/module-hook.ts'

export interface ModulesSeen {
  /** Modules of "methods", as health.config calls them, of which neither this thread nor another has anything recorded. */
  readonly missing: readonly string[]
  readonly unmatched: Unmatched
  /** file: URL of the script that Node was started with; `undefined` where there is none. */
  readonly entry: string | undefined
}

/** One sentence for each reason, none if nothing is missing. */
export function unrecordedModules({ missing, unmatched, entry }: ModulesSeen): readonly string[] {
  const { running, before, seen } = unmatched
  const unfinished = missing.filter((module) => running.includes(module))
  const early = missing.filter((module) => !unfinished.includes(module) && before.includes(module))
  const absent = missing.filter((module) => !unfinished.includes(module) && !early.includes(module))
  const startSees = entry === undefined || seen.includes(entry)
  const inTime = 'start the service with node --import otel-health/register, for what is loaded before that is not seen'
  const sentences: readonly (readonly [modules: readonly string[], rest: string, why: string])[] = [
    [unfinished, ', or not all of it', 'it is loaded, but its own start has come neither to an end nor to that'],
    [early, ', and will not be', `it was loaded before otel-health was; ${inTime}`],
    startSees
      ? [absent, ' so far', `nobody in this process has loaded it; loaded were: ${seen.join(', ') || 'none'}`]
      : [absent, ' so far', `nobody has loaded it since otel-health was, and ${entry} was loaded before; ${inTime}`],
  ]
  return sentences
    .filter(([modules]) => modules.length > 0)
    .map(
      ([modules, rest, why]) =>
        `otel-health: what "methods" in health.config names of ${modules.join(', ')} is not recorded${rest}: ${why}`,
    )
}

/** As the loader calls it: without symbolic links, with an extension. */
export function entryUrl(script: string | undefined): string | undefined {
  if (script === undefined) return undefined
  try {
    return pathToFileURL(realpathSync(createRequire(import.meta.url).resolve(script))).href
  } catch {
    return undefined
  }
}
