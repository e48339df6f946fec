/** `otel-health dashboards <dir>` and `rules <dir>`: files for Grafana and Prometheus, with the limits that are in force here. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { loadHealthConfig, readHealthConfig } from '../config/health-config-file.ts'
import { limitsOf } from '../config/limits.ts'
import { resolveOptions, type Environment } from '../config/options.ts'
import { otlpSettings } from '../export/otlp-settings.ts'
import type * as Files from '../generate/files.ts'
import type { GenerateOptions } from '../generate/options.ts'
import { kindNamed } from '../kinds/define-kind.ts'
import { KINDS } from '../kinds/index.ts'
import type { Io } from './commands.ts'
import { CommandError, OK, USAGE } from './outcome.ts'

/** As OTEL_METRIC_EXPORT_INTERVAL is where nothing is exported from here. */
const EXPORT_INTERVAL_SECONDS = 60

/** Where a command is run. */
export interface Here {
  readonly cwd?: string
  /** The path of a health.config; default: that of the folder, if there is one. */
  readonly config?: string | undefined
}

/** One file a dashboard, for Grafana's file provisioning or its import page. */
export async function writeDashboards(io: Io, folder: string | undefined, here: Here = {}): Promise<number> {
  const files = await made(io.env, here, async ({ dashboards }, options) => await dashboards(options))
  return write(
    io,
    folder,
    Object.fromEntries(Object.entries(files).map(([name, dashboard]) => [name, `${JSON.stringify(dashboard, null, 2)}\n`])),
  )
}

/**
 * Rule files for Prometheus: what watches the services, for `rule_files`, and in a folder of its own, so that nobody loads it who does not
 * want to, what judges them.
 */
export async function writeRules(io: Io, folder: string | undefined, here: Here = {}): Promise<number> {
  const files = await made(io.env, here, async ({ prometheusRuleFile, serviceRuleFile }, options) => ({
    'otel-health.yml': prometheusRuleFile(options),
    'services/otel-health-services.yml': serviceRuleFile(options),
  }))
  return write(io, folder, files)
}

/** A rule that cannot be judged is found when something is made of it. */
async function made<T>(env: Environment, here: Here, make: (files: typeof Files, options: GenerateOptions) => Promise<T>): Promise<T> {
  const files = await import('../generate/files.ts')
  try {
    return await make(files, optionsHere(env, here))
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}

/** Environment and health.config of this folder, as a service that starts here has them. Throws one sentence if they cannot be used. */
export function optionsHere(env: Environment, { cwd = process.cwd(), config: file }: Here): GenerateOptions {
  const loaded = file === undefined ? loadHealthConfig(undefined, cwd, KINDS) : readHealthConfig(resolve(cwd, file), KINDS)
  const config = loaded?.config
  const { settings, rules, metrics } = resolveOptions({ env, ...(config && { config }) })
  return {
    limits: limitsOf(settings),
    kind: kindNamed(config?.profile),
    isOfOneService: config !== undefined,
    rules,
    metrics,
    publishingInterval: settings.publishingInterval,
    exportInterval: (otlpSettings(env)?.intervalMs ?? 1000 * EXPORT_INTERVAL_SECONDS) / 1000,
  }
}

async function write(io: Io, folder: string | undefined, files: Readonly<Record<string, string>>): Promise<number> {
  if (folder === undefined) throw new CommandError(USAGE, 'Into which folder? See otel-health --help.')
  const paths: string[] = []
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    paths.push(path)
  }
  for (const line of io.json ? [JSON.stringify(paths)] : paths) io.out(line)
  return OK
}
