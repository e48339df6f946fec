/** Which health.config counts, that each form of it is read in each kind of package, and the sentence on one that cannot be. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NODE = join(ROOT, 'node_modules/.bin/node')
const LOADER = pathToFileURL(join(ROOT, 'src/config/health-config-file.ts')).href
const KINDS = pathToFileURL(join(ROOT, 'src/kinds/index.ts')).href

let own: string
beforeAll(() => {
  own = realpathSync(mkdtempSync(join(tmpdir(), 'otel-health-form-')))
})
afterAll(() => rmSync(own, { recursive: true }))

const PACKAGE = {
  'node_modules/otel-health/package.json': '{ "type": "module", "exports": "./index.js" }',
  'node_modules/otel-health/index.js': 'export const defineHealth = (config) => config',
}

/** A project that has a package called otel-health, as each has that has a health.config. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(own, 'p-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries({ ...PACKAGE, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

interface Read {
  readonly service?: string
  readonly file?: string
  /** The sentence on what is wrong. */
  readonly said?: string
}

/** As services that are started by `script` in each folder read it, in a process that has seen none of them before. */
function readAll(folders: readonly string[], script = 'service.js'): { readonly read: readonly Read[]; readonly warnings: string } {
  const program = `import { loadHealthConfig } from ${JSON.stringify(LOADER)}
import { KINDS } from ${JSON.stringify(KINDS)}
const read = ${JSON.stringify(folders)}.map((folder) => {
  try {
    const loaded = loadHealthConfig(${JSON.stringify(script)}, folder, KINDS)
    return { service: loaded?.config.serviceName, file: loaded?.file }
  } catch (error) {
    return { said: error.message.replaceAll(folder + '/', '') }
  }
})
console.log(JSON.stringify(read))`
  const { stdout, stderr } = spawnSync(NODE, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return { read: JSON.parse(stdout) as Read[], warnings: stderr }
}

const IMPORTING = "import { defineHealth } from 'otel-health'\nexport default defineHealth({ serviceName: 'read' })\n"
const TYPED =
  "import { defineHealth, type HealthConfig } from 'otel-health'\nconst config: HealthConfig = { serviceName: 'read' }\nexport default defineHealth(config)\n"
const REQUIRING = "const { defineHealth } = require('otel-health')\nmodule.exports = defineHealth({ serviceName: 'read' })\n"

const FORMS: readonly { readonly form: string; readonly name: string; readonly text: string }[] = [
  { form: 'the import form', name: 'health.config.js', text: IMPORTING },
  { form: 'the import form', name: 'health.config.mjs', text: IMPORTING },
  { form: 'the import form with types', name: 'health.config.ts', text: TYPED },
  { form: 'the import form with types', name: 'health.config.mts', text: TYPED },
  { form: 'the require form', name: 'health.config.js', text: REQUIRING },
  { form: 'the require form', name: 'health.config.cjs', text: REQUIRING },
  { form: 'the require form', name: 'health.config.ts', text: REQUIRING },
  { form: 'the require form', name: 'health.config.cts', text: REQUIRING },
  { form: 'exports.name', name: 'health.config.js', text: "exports.serviceName = 'read'\n" },
  { form: 'JSON', name: 'health.config.json', text: '{ "serviceName": "read" }' },
  { form: 'JSON with a mark of byte order', name: 'health.config.json', text: '\ufeff{ "serviceName": "read" }' },
  {
    form: 'comments, with an import of another file',
    name: 'health.config.js',
    text: "/*\n * import is below\n */\n\n  import { name } from './name.js'\nexport default { serviceName: name }\n",
  },
]

test.for(['"type": "commonjs"', '"type": "module"', '"name": "typeless"'])(
  'in a package with %s every form is read, without a warning',
  (type) => {
    const folders = FORMS.map(({ name, text }) =>
      project({ 'package.json': `{ ${type} }`, [name]: text, 'name.js': "export const name = 'read'\n" }),
    )
    const { read, warnings } = readAll(folders)
    expect(read.map((each, i) => ({ ...FORMS[i], ...each }))).toEqual(
      FORMS.map((form, i) => ({ ...form, service: 'read', file: join(folders[i]!, form.name) })),
    )
    expect(warnings).toBe('')
  },
)

const JSON_CONFIG = (service: string) => JSON.stringify({ serviceName: service })

test.for<{ case: string; files: Readonly<Record<string, string>>; script: string; service: string | undefined }>([
  { case: 'none at all', files: { 'package.json': '{}' }, script: 'service.js', service: undefined },
  {
    case: 'the one beside the script, before that of its package',
    files: { 'package.json': '{}', 'dist/health.config.json': JSON_CONFIG('beside'), 'health.config.json': JSON_CONFIG('package') },
    script: 'dist/service.js',
    service: 'beside',
  },
  {
    case: 'that of the package of the script, wherever it is started',
    files: { 'package.json': '{}', 'apps/mailer/package.json': '{}', 'apps/mailer/health.config.json': JSON_CONFIG('mailer') },
    script: 'apps/mailer/dist/src/main.js',
    service: 'mailer',
  },
  {
    case: 'that of the working directory, if the package of the script has none',
    files: { 'apps/mailer/package.json': '{}', 'health.config.json': JSON_CONFIG('here') },
    script: 'apps/mailer/dist/main.js',
    service: 'here',
  },
])('$case', ({ files, script, service }) => {
  expect(readAll([project(files)], script).read[0]?.service).toBe(service)
})

const REFUSED: readonly { readonly case: string; readonly files: Readonly<Record<string, string>>; readonly said: RegExp }[] = [
  {
    case: 'two in one folder: both are named, and which to remove',
    files: { 'health.config.ts': TYPED, 'health.config.json': '{}' },
    said: /^\/\S+ has both health\.config\.ts and health\.config\.json, expected one of them: remove health\.config\.json, or move what it says into health\.config\.ts first\.$/,
  },
  {
    case: 'await at its top level',
    files: { 'health.config.js': "import 'otel-health'\nexport default await Promise.resolve({})\n" },
    said: /^health\.config\.js waits with await at its top level, .*: take the await out of it\.$/,
  },
  {
    case: 'await in what it imports',
    files: { 'health.config.js': "import a from './a.js'\nexport default a\n", 'a.js': 'export default await Promise.resolve({})\n' },
    said: /^health\.config\.js waits with await at its top level, or imports what does, /,
  },
  {
    case: 'an error of syntax of CommonJS',
    files: { 'health.config.js': '\nmodule.exports = { methods: [], }}\n' },
    said: /^health\.config\.js could not be loaded \(line 2\): Unexpected token '}'\.$/,
  },
  {
    case: 'an error of syntax of an ES module',
    files: { 'health.config.js': 'export default { methods: [], }}\n' },
    said: /^health\.config\.js could not be loaded.*: Unexpected token '}'\.$/,
  },
  {
    case: 'TypeScript that must be compiled',
    files: { 'health.config.ts': "enum K { A = 'attempt' }\nexport default { methods: [{ records: K.A }] }\n" },
    said: /^health\.config\.ts could not be loaded \(line 1\): TypeScript enum .*: Node only takes types away, .*\.$/,
  },
  {
    case: 'a module that is not there',
    files: { 'health.config.js': "import './limits.js'\nexport default {}\n" },
    said: /^health\.config\.js could not be loaded: Cannot find module 'limits\.js' imported from health\.config\.js\.$/,
  },
  {
    case: 'JSON with a comma too many, and a password that is not shown',
    files: { 'health.config.json': '{\n  "redisPassword": "hunter2",}' },
    said: /^health\.config\.json could not be loaded: it is no JSON from line 2, column 30 on\.$/,
  },
  {
    case: 'JSON that ends too early',
    files: { 'health.config.json': '{ "redisPassword": "hunter2"' },
    said: /^health\.config\.json could not be loaded: it is no JSON from line 1, column \d+ on\.$/,
  },
  {
    case: 'no object',
    files: { 'health.config.js': 'module.exports = 5\n' },
    said: /^health\.config\.js must export an object as its default, but exports 5\.$/,
  },
]

test('what cannot be used is one sentence', () => {
  const { read } = readAll(REFUSED.map(({ files }) => project({ 'package.json': '{ "type": "commonjs" }', ...files })))
  const wrong = REFUSED.map(({ said, ...rest }, i) => ({ ...rest, expected: said, found: read[i]?.said ?? '' })).filter(
    ({ expected, found }) => !expected.test(found) || found.includes('\n'),
  )
  expect(wrong).toEqual([])
})
