/** What init would do to a project. Pure. */
import { configFile } from './config-text.ts'
import { lookAt, type Findings } from './findings.ts'
import { readManifest, withScript } from './package-manifest.ts'
import type { ProjectFiles } from './project-files.ts'
import { startCommand } from './start-command.ts'
import type { Change } from './told.ts'

export interface PlanOptions {
  readonly files: ProjectFiles
  /** Names of the queue libraries whose work is seen by itself. */
  readonly watched: readonly string[]
  /** The file that the service is started by, if a person says it. */
  readonly entry?: string | undefined
  /** The name of the health.config that is there. */
  readonly existing: string | undefined
  /** How the service is called of which nothing says it, and how a name becomes one of Redis. */
  readonly toName: (name: string) => string | undefined
}

export interface Plan {
  readonly serviceName: string
  readonly found: Findings
  /** `undefined`: nothing. */
  readonly changes: readonly Change[]
  /** The health.config that is then there. */
  readonly config: string
  /** The script that then starts the service with otel-health; `undefined`: none does. */
  readonly script: string | undefined
}

/** Why nothing can be planned, in one sentence. */
export class NoPlan extends Error {}

/** Throws NoPlan. */
export function planFor({ files, watched, entry, existing, toName }: PlanOptions): Plan {
  const manifest = readManifest(files.packageJson)
  if (!manifest) throw new NoPlan(`${files.folder}/package.json is no JSON object: mend it first.`)
  if (manifest.hasWorkspaces || files.names.includes('pnpm-workspace.yaml')) {
    throw new NoPlan(`${files.folder} holds the packages of a monorepo: run otel-health init in the folder of the service.`)
  }
  const found = lookAt(files, manifest, watched, entry)
  const given = manifest.name?.replace(/^@[^/]+\//, '')
  const serviceName = toName(given ?? files.folder.split(/[/\\]/).at(-1)!) ?? 'service'
  const config = configFile(found, files, serviceName, given !== undefined)
  const changes: Change[] = existing === undefined ? [{ path: config.name, before: undefined, after: config.text }] : []
  const { text, script } = started(files.packageJson, found, manifest.scripts)
  if (text !== files.packageJson) changes.push({ path: 'package.json', before: files.packageJson, after: text })
  return { serviceName, found, changes, config: existing ?? config.name, script }
}

function started(
  packageJson: string,
  { scripts, others, entry }: Findings,
  all: Readonly<Record<string, string>>,
): { readonly text: string; readonly script: string | undefined } {
  let text = packageJson
  for (const { name, change } of scripts) if (change.is === 'changed') text = withScript(text, name, change.command)
  const [script] = scripts.filter(({ change }) => change.is !== 'left')
  if (script) return { text, script: script.name }
  // What starts something else is not replaced, and what is started by other means needs no script.
  if (entry === undefined || scripts.length > 0 || others.length > 0 || all['start'] !== undefined) return { text, script: undefined }
  return { text: withScript(text, 'start', startCommand(entry)), script: 'start' }
}
