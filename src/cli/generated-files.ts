/** `otel-health dashboards <dir>` and `rules <dir>`: files for Grafana and Prometheus, with the limits that are in force here. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { HealthConfig } from '../config/health-config.ts'
import { resolveOptions, type Environment } from '../config/options.ts'
import type { GenerateOptions } from '../generate/dashboards.ts'
import { loadHealthConfig } from '../config/health-config-file.ts'
import { otlpSettings } from '../export/otlp-settings.ts'
import type { Io } from './commands.ts'
import { CommandError, OK, USAGE } from './outcome.ts'

/** As OTEL_METRIC_EXPORT_INTERVAL is where nothing is exported from here. */
const EXPORT_INTERVAL_SECONDS = 60

/** One file a dashboard, for Grafana's file provisioning or its import page. */
export async function writeDashboards(io: Io, folder: string | undefined, cwd: string = process.cwd()): Promise<number> {
  const { dashboards } = await import('../generate/files.ts')
  const files = dashboards(optionsHere(io.env, cwd))
  return write(
    io,
    folder,
    Object.fromEntries(Object.entries(files).map(([name, dashboard]) => [name, `${JSON.stringify(dashboard, null, 2)}\n`])),
  )
}

/** One rule file, for `rule_files` of Prometheus. */
export async function writeRules(io: Io, folder: string | undefined, cwd: string = process.cwd()): Promise<number> {
  const { prometheusRuleFile } = await import('../generate/files.ts')
  return write(io, folder, { 'otel-health.yml': prometheusRuleFile(optionsHere(io.env, cwd)) })
}

/** Environment and health.config of this folder, as a service that starts here has them. */
function optionsHere(env: Environment, cwd: string): GenerateOptions {
  try {
    const config: HealthConfig | undefined = loadHealthConfig(undefined, cwd)?.config
    const { settings, rules } = resolveOptions({ env, ...(config && { config }) })
    return {
      limits: { ...settings, maxApiResponseTimeMs: settings.maxApiResponseTime },
      rules,
      publishingInterval: settings.publishingInterval,
      exportInterval: (otlpSettings(env)?.intervalMs ?? 1000 * EXPORT_INTERVAL_SECONDS) / 1000,
    }
  } catch (error) {
    throw new CommandError(USAGE, error instanceof Error ? error.message : String(error))
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
