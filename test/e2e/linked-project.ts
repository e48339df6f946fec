/** A project of ES modules that has this package as it is built, and the SDK that is installed here. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Makes one of an empty folder. */
export function linkProject(folder: string): void {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/otel-health'))
  symlinkSync(join(ROOT, 'node_modules/@opentelemetry'), join(folder, 'node_modules/@opentelemetry'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "type": "module" }')
}
