/** Where the real programs are that .ci/build-stack has built. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type StackProgram = 'alertmanager' | 'otelcol' | 'prometheus' | 'promtool' | 'docker-compose'

const CI = fileURLToPath(new URL('../../.ci/', import.meta.url))

/** The path of one program, of OTEL_HEALTH_STACK or of the cache. Throws one sentence if it is in neither. */
export function stackProgram(name: StackProgram): string {
  const folder = process.env['OTEL_HEALTH_STACK'] || cached()
  const path = join(folder, name)
  if (existsSync(path)) return path
  throw new Error(
    `There is no ${name} in ${folder}: run .ci/build-stack, and set OTEL_HEALTH_STACK to the folder that it prints, if to any.`,
  )
}

/** As .ci/build-stack names it: by what it builds. */
function cached(): string {
  const key = createHash('sha256')
  for (const file of ['build-stack', 'otelcol-builder.yaml']) key.update(readFileSync(join(CI, file)))
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'otel-health-stack', key.digest('hex').slice(0, 16))
}
