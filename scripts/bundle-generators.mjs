/**
 * dist/generate as one file with all that it imports: the package generates dashboards without installing Grafana's builders (11 MB) and a
 * YAML writer for everybody.
 */
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

const folder = fileURLToPath(new URL('../dist/generate/', import.meta.url))
const entry = join(folder, 'files.js')

const bundle = await rolldown({
  input: entry,
  // The modules of yaml, of which only what writes remains.
  resolve: { conditionNames: ['browser', 'import', 'default'] },
  // What the rest of the package has as well stays its own file.
  external: (id, importer) => id.startsWith('../') && importer !== undefined && dirname(importer) === dirname(entry),
  logLevel: 'warn',
})
await bundle.write({
  file: entry,
  format: 'esm',
  minify: true,
  banner: '/*! Contains @grafana/grafana-foundation-sdk (Apache-2.0, Grafana Labs), yaml (ISC, Eemeli Aro) and tslib (0BSD, Microsoft). */',
})
for (const name of readdirSync(folder)) {
  if (name !== 'files.js') rmSync(join(folder, name))
}
