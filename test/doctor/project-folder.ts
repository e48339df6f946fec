/** Folders of services that never were, with what their package.json and node_modules say. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder with these files, text or JSON by their path; it is gone after the test. */
export function folderWith(files: Readonly<Record<string, string | object>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'otel-health-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

/** The files of an installed package. */
export function installed(name: string, version: string, inFolder: string = ''): Record<string, string | object> {
  const folder = join(inFolder, 'node_modules', name)
  return { [join(folder, 'package.json')]: { name, version, main: 'index.js' }, [join(folder, 'index.js')]: '' }
}
