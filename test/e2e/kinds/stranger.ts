/** The services of test/kinds/strangers as they are, or with another health.config beside them. */
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { REGISTER, type ServiceRun } from '../service-process.ts'

const STRANGERS = fileURLToPath(new URL('../../kinds/strangers/', import.meta.url))
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** One such as `notification/class`, watched. */
export function stranger(path: string): Required<Pick<ServiceRun, 'service' | 'script' | 'folder' | 'node'>> {
  return runIn(join(STRANGERS, path), path)
}

/** The same with `config` as its health.config.js. Remove it when it has ended. */
export function strangerWith(path: string, config: string): ReturnType<typeof stranger> & { readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
  cpSync(join(STRANGERS, path), folder, { recursive: true, filter: (source) => !basename(source).startsWith('health.config') })
  cpSync(join(STRANGERS, 'package.json'), join(folder, 'package.json'))
  symlinkSync(NODE_MODULES, join(folder, 'node_modules'))
  writeFileSync(join(folder, 'health.config.js'), config)
  return { ...runIn(folder, path), remove: () => rmSync(folder, { recursive: true }) }
}

function runIn(folder: string, service: string): ReturnType<typeof stranger> {
  const script = readdirSync(folder).find((file) => file.startsWith('service.'))!
  return { service, script, folder, node: ['--import', REGISTER] }
}
