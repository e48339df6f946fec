/** Where a service is at home and how it is called, whoever started it. */
import { basename, extname } from 'node:path'

import { packageName } from '../config/health-config-file.ts'
import type { Environment } from '../config/options.ts'
import { isPartOf, slashed } from './installed-code.ts'
import { unscoped, type Owner, type ProcessFacts } from './process-role.ts'

export interface ServicePlace {
  /** health.config is looked for from here up; `undefined`: only in the working directory. */
  readonly script: string | undefined
  /** Unless environment or health.config give another; `undefined`: nothing names it. */
  readonly name: string | undefined
}

/** `script`: the service's own file by which it is known, links followed; `undefined`: none, all of its code came with packages. */
export function servicePlace(script: string | undefined, facts: ProcessFacts): ServicePlace {
  const given = nameByPm2(facts.env)
  if (script !== undefined) return { script, name: given ?? packageName(script, facts.cwd) }
  const { owner } = facts
  if (owner && !isOfProject(owner, facts)) return { script: facts.script, name: given ?? unscoped(owner.name) }
  return { script: undefined, name: given ?? packageName(undefined, facts.cwd) }
}

/**
 * `next start` is a service of the project that has next, in its own node_modules or in those of a workspace above; a package from
 * elsewhere, as npx and global installs have it, is itself the service.
 */
function isOfProject({ folder }: Owner, { cwd }: ProcessFacts): boolean {
  const [above = ''] = slashed(folder).split('/node_modules/', 1)
  return isPartOf(cwd, above)
}

/**
 * As `pm2 start --name` or its ecosystem file has it; whatever the app starts inherits it. What PM2 makes up is the name of the file, and
 * says less than package.json: every `index.js` of a machine would be one service.
 */
export function nameByPm2(env: Environment): string | undefined {
  const { name, pm_id: id, pm_exec_path: script } = env
  if (!name || id === undefined || script === undefined) return undefined
  const file = basename(slashed(script))
  return name === file || name === file.slice(0, file.length - extname(file).length) ? undefined : name
}
