/**
 * dist as few files: each file that a service loads at its start costs a third of a millisecond. The package's own dependencies stay
 * outside; Grafana's builders (11 MB) and a YAML writer, of which little is needed, are taken in, for whoever generates dashboards.
 */
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** What is loaded first, on any Node, by `import` and by `require`. */
const FIRST = 'old-node.cjs'
const ENTRIES = ['index', 'register', 'subscribe', 'control', 'panel']
const COMMAND_LINE = 'cli/main'
/** The command of the package: also the process beside a service, which loads nothing else. */
const BIN = 'bin.cjs'
const ANNOUNCER = 'announcer'

const bundle = await rolldown({
  input: {
    ...Object.fromEntries([...ENTRIES, COMMAND_LINE].map((name) => [name, join(dist, `${name}.js`)])),
    [ANNOUNCER]: join(dist, 'announce/main.js'),
  },
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
// By itself: what it has in common with others would bring them along.
const alone = await rolldown({ input: join(dist, 'supervise/main.js'), platform: 'node', logLevel: 'warn' })
const supervisor = minifySync('run.cjs', (await alone.generate({ format: 'cjs' })).output[0].code).code
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) if (name.endsWith('.js')) rmSync(join(dist, name))
for (const { fileName, name, isEntry, code } of output) {
  const isForeign = fileName === GENERATORS
  const first = isEntry ? `import '${name === COMMAND_LINE ? '..' : '.'}/${FIRST}'\n` : ''
  writeFileSync(
    join(dist, fileName),
    isForeign ? `${LICENCES}\n${minifySync(fileName, code).code}` : code.replace(/^(?:#!.*\n)?/, (hashbang) => hashbang + first),
  )
}
copyFileSync(new URL(FIRST, import.meta.url), join(dist, FIRST))
const [hashbang, ...command] = readFileSync(new URL(BIN, import.meta.url), 'utf8').split('\n')
const oldNode = readFileSync(new URL(FIRST, import.meta.url), 'utf8')
writeFileSync(join(dist, BIN), `${hashbang}\n${oldNode}${command.join('\n')}\nfunction supervise() {\n${supervisor}}\n`)
// A Node that cannot require an ES module is told so by what it can.
for (const name of ENTRIES)
  writeFileSync(join(dist, `${name}.cjs`), `'use strict'\nrequire('./${FIRST}')\nmodule.exports = require('./${name}.js')\n`)
