/**
 * dist as few files: each file that a service loads at its start costs a third of a millisecond. The package's own dependencies stay
 * outside; Grafana's builders (11 MB) and a YAML writer, of which little is needed, are taken in, for whoever generates dashboards.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/experimental'

import packageJson from '../package.json' with { type: 'json' }

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const outside = [...Object.keys(packageJson.dependencies), ...Object.keys(packageJson.peerDependencies)]

/** Of others nearly whole, and of no use to read: it is made small. */
const GENERATORS = 'chunk-files.js'
const LICENCES =
  '/*! Contains @grafana/grafana-foundation-sdk (Apache-2.0, Grafana Labs), yaml (ISC, Eemeli Aro) and tslib (0BSD, Microsoft). */'

const bundle = await rolldown({
  input: Object.fromEntries(['index', 'register', 'subscribe', 'cli/main'].map((name) => [name, join(dist, `${name}.js`)])),
  platform: 'node',
  // The modules of yaml, of which only what writes remains.
  resolve: { conditionNames: ['browser', 'import', 'default'] },
  external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
  logLevel: 'warn',
})
// In memory until all of it is read: it takes the place of what it was made of.
const { output } = await bundle.generate({
  format: 'esm',
  entryFileNames: '[name].js',
  // Beside the entries, where a module looks for its own folder.
  chunkFileNames: 'chunk-[name].js',
})
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) if (name.endsWith('.js')) rmSync(join(dist, name))
for (const { fileName, code } of output) {
  const isForeign = fileName === GENERATORS
  writeFileSync(join(dist, fileName), isForeign ? `${LICENCES}\n${minifySync(fileName, code).code}` : code)
}
