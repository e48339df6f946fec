/** `otel-health dashboards <dir>` and `rules <dir>`: files for Grafana and Prometheus, with the limits that are in force here. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { loadHealthConfig } from '../config/health-config-file.ts'
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

/** One file a dashboard, for Grafana's file provisioning or its import page. */
export async function writeDashboards(io: Io, folder: string | undefined, cwd: string = process.cwd()): Promise<number> {
  const files = await made(io.env, cwd, async ({ dashboards }, options) => await dashboards(options))
  return write(
    io,
    folder,
    Object.fromEntries(Object.entries(files).map(([name, dashboard]) => [name, `${JSON.stringify(dashboard, null, 2)}\n`])),
  )
}

/** One rule file, for `rule_files` of Prometheus. */
export async function writeRules(io: Io, folder: string | undefined, cwd: string = process.cwd()): Promise<number> {
  const text = await made(io.env, cwd, async ({ prometheusRuleFile }, options) => prometheusRuleFile(options))
  return write(io, folder, { 'otel-health.yml': text })
}

/** A rule that cannot be judged is found when something is made of it. */
async function made<T>(env: Environment, cwd: string, make: (files: typeof Files, options: GenerateOptions) => Promise<T>): Promise<T> {
  const files = await import('../generate/files.ts')
  try {
    return await make(files, optionsHere(env, cwd))
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
  }
}

/** Environment and health.config of this folder, as a service that starts here has them. */
function optionsHere(env: Environment, cwd: string): GenerateOptions {
  const config = loadHealthConfig(undefined, cwd, KINDS)?.config
  const { settings, rules, metrics } = resolveOptions({ env, ...(config && { config }) })
  return {
    limits: limitsOf(settings),
    kind: kindNamed(config?.profile),
    rules,
    metrics,
    publishingInterval: settings.publishingInterval,
    exportInterval: (otlpSettings(env)?.intervalMs ?? 1000 * EXPORT_INTERVAL_SECONDS) / 1000,
  }
}

async function write(io: Io, folder: string | undefined, files: Readonly<Record<string, string>>): Promise<number> {
  if (folder === undefined) throw new CommandError(USAGE, 'Into which folder? See otel-health --help.')
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    await writeFile(path, text)
    paths.push(path)
  }
  for (const line of io.json ? [JSON.stringify(paths)] : paths) io.out(line)
  return OK
}
