/** The smallest program that judges its metrics, in a project that has otel-health and an SDK. */
import { cpSync, existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { CountingProgram } from './counting-program.ts'

export const PROGRAM = fileURLToPath(new URL('./fixtures/reader-alone/program.js', import.meta.url))

export interface ReaderProgramOptions {
  /** Of a project. */
  readonly folder: string
  /** What the provider's resource calls it. */
  readonly service: string
  readonly redisPort: number
  readonly otlpEndpoint: string
  readonly node?: string
  readonly program?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Counts `hits` and `lookups`. */
export function startReaderProgram(options: ReaderProgramOptions): CountingProgram {
  const { folder, service, redisPort, otlpEndpoint, node, program = PROGRAM, env = {} } = options
  const script = basename(program)
  if (!existsSync(join(folder, script))) cpSync(program, join(folder, script))
  return new CountingProgram({
    folder,
    script,
    args: [service],
    ...(node !== undefined && { node }),
    env: {
      HEALTH_REDIS: `redis://127.0.0.1:${redisPort}`,
      HEALTH_PUBLISHING_INTERVAL: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
      ...env,
    },
  })
}
