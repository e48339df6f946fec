/** What init makes of the projects that people have. */
import { expect, test } from 'vitest'

import { planFor, type Plan } from '../../src/init/plan.ts'
import { readProjectFiles } from '../../src/init/project-files.ts'
import { byHand, diffOf, foundRows, nextSteps } from '../../src/init/told.ts'
import { folderWith } from '../doctor/project-folder.ts'

type Files = Readonly<Record<string, string | object>>

function planOf(files: Files, { cwd = '', existing, entry }: { cwd?: string; existing?: string; entry?: string } = {}): Plan {
  const found = readProjectFiles(`${folderWith(files)}/${cwd}`)!
  return planFor({ files: found, watched: ['BullMQ', 'pg-boss'], existing, entry, toName: (name) => name.toLowerCase() })
}

const WORKER = "new Worker('images', async () => {})"

interface Row {
  readonly why: string
  readonly files: Files
  readonly cwd?: string
  readonly config: string
  /** Of package.json after it; `undefined`: it is not changed. */
  readonly start: string | undefined
  readonly hand?: readonly (string | RegExp)[]
  /** Somewhere in the health.config. */
  readonly says: RegExp
}

const NPM_INIT = { name: 'mailer', version: '1.0.0', main: 'index.js', type: 'commonjs', scripts: { test: 'echo "Error" && exit 1' } }

test.for<Row>([
  {
    why: 'npm init -y',
    files: {
      'package.json': NPM_INIT,
      'index.js': "const { sendMail } = require('./send-mail')\nfor (;;) await sendMail(1)",
      'send-mail.js': "async function sendMail() { await fetch('http://localhost:8025/') }\nmodule.exports = { sendMail }",
    },
    config: 'health.config.mjs',
    start: 'node --import otel-health/register index.js',
    says: /\n    \{ module: '\.\/send-mail\.js', function: 'sendMail', records: 'attempt' \},\n[^]*\n    localhost_8025: \{ host: 'localhost:8025' \}/,
  },
  {
    why: 'TypeScript that Node runs, as ES modules',
    files: {
      'package.json': { name: 'a', type: 'module', scripts: { start: 'node src/main.ts' }, dependencies: { bullmq: '5' } },
      'src/main.ts': WORKER,
    },
    config: 'health.config.ts',
    start: 'node --import otel-health/register src/main.ts',
    says: /What bullmq brings is seen by itself/,
  },
  {
    why: 'the same, as CommonJS',
    files: { 'package.json': { name: 'a', scripts: { start: 'node src/main.ts' } }, 'src/main.ts': WORKER },
    config: 'health.config.mts',
    start: 'node --import otel-health/register src/main.ts',
    says: /\/\/ methods: \[/,
  },
  {
    why: 'NestJS',
    files: {
      'package.json': {
        ...{ name: 'shop', scripts: { build: 'nest build', start: 'nest start', 'start:prod': 'node dist/main' } },
        ...{ dependencies: { '@nestjs/core': '11', '@nestjs/bullmq': '11', bullmq: '5' }, devDependencies: { typescript: '5' } },
      },
      'src/main.ts': 'void bootstrap()',
    },
    config: 'health.config.mjs',
    start: 'nest start --exec "node --import otel-health/register"',
    says: /What bullmq brings is seen by itself/,
  },
  {
    why: 'TypeScript that is compiled, whose compiler takes JavaScript too',
    files: {
      'package.json': { name: 'a', scripts: { build: 'tsc', start: 'node dist/main.js' }, devDependencies: { typescript: '5' } },
      'tsconfig.json': '{ "compilerOptions": { "allowJs": true } }',
      'src/main.ts': 'export async function handleJob(): Promise<void> {}\nawait handleJob()',
    },
    config: 'health.config.json',
    start: 'node --import otel-health/register dist/main.js',
    says: /"module": "\.\/dist\/main\.js",\n\s+"function": "handleJob"/,
  },
  {
    why: 'a package of a monorepo',
    files: {
      'package.json': { workspaces: ['packages/*'] },
      'pnpm-lock.yaml': '',
      'packages/w/package.json': { name: '@acme/w', type: 'module', scripts: { start: 'tsx src/a.ts' }, dependencies: { 'pg-boss': '11' } },
      'packages/w/src/a.ts': '',
    },
    cwd: 'packages/w/src',
    config: 'health.config.ts',
    start: 'tsx --import otel-health/register src/a.ts',
    says: /serviceName: 'w',/,
  },
  {
    why: 'a project that is started by other programs, which are told and not changed',
    files: {
      'package.json': { name: 'api', dependencies: { express: '5' } },
      'server.js': "require('express')().listen(3000)",
      Dockerfile: 'FROM node:24\nCMD ["node", "--enable-source-maps", "server.js"]\n',
      Procfile: 'web: node server.js\n',
      'compose.yaml': 'services:\n  api:\n    command: node server.js\n',
      'ecosystem.config.js': "module.exports = { apps: [{ name: 'api', script: 'server.js' }] }",
    },
    config: 'health.config.mjs',
    start: undefined,
    hand: [
      'Dockerfile: start it with node --import otel-health/register --enable-source-maps server.js',
      'Procfile: start it with node --import otel-health/register server.js',
      'compose.yaml: start it with node --import otel-health/register server.js',
      "ecosystem.config.js: give the app node_args: '--import otel-health/register'",
      'the image must have health.config.mjs in the folder of package.json',
    ],
    says: /Until then nothing of it is seen/,
  },
  {
    why: 'a script that starts PM2',
    files: { 'package.json': { name: 'a', scripts: { start: 'pm2 start ecosystem.config.cjs' } } },
    config: 'health.config.mjs',
    start: undefined,
    hand: [/^start is started by PM2: give the app node_args: .* in ecosystem\.config\.cjs$/],
    says: /./,
  },
  {
    why: 'an image that runs the script, which is changed',
    files: { 'package.json': { name: 'a', scripts: { start: 'node a.js' } }, Dockerfile: 'CMD ["npm", "start"]\n' },
    config: 'health.config.mjs',
    start: 'node --import otel-health/register a.js',
    says: /./,
  },
  {
    why: 'a package without a name',
    files: { 'package.json': { type: 'module', main: 'a.js' }, 'a.js': '' },
    config: 'health.config.js',
    start: 'node --import otel-health/register a.js',
    says: /\n {2}serviceName: 'otel-health-\w+',/,
  },
])('$why', ({ files, cwd = '', config, start, hand = [], says }) => {
  const plan = planOf(files, { cwd })
  const [written, packageJson] = plan.changes
  expect(written).toMatchObject({ path: config, before: undefined, after: expect.stringMatching(says) as string })
  const scripts = packageJson && (JSON.parse(packageJson.after) as { scripts: Record<string, string> }).scripts
  expect(scripts?.['start']).toBe(start)
  const said = byHand(plan.found, plan.config)
  expect(said).toEqual(hand.map((each) => (typeof each === 'string' ? each : (expect.stringMatching(each) as string))))
})

test('what is there stays', () => {
  const files = { 'package.json': { name: 'a', scripts: { start: 'node --import otel-health/register a.js' } }, 'a.js': '' }
  expect(planOf(files, { existing: 'health.config.cjs' })).toMatchObject({ changes: [], config: 'health.config.cjs', script: 'start' })
})

test('the file that starts it may be said', () => {
  const plan = planOf({ 'package.json': { name: 'a', scripts: { build: 'tsc' } }, 'src/b.ts': '' }, { entry: 'dist/b.js' })
  expect(plan.changes.map(({ after }) => after).join('\n')).toContain('node --import otel-health/register dist/b.js')
})

test.for([
  {
    why: 'the root of a monorepo',
    files: { 'package.json': { workspaces: ['a'] } },
    says: /holds the packages of a monorepo: run otel-health init in the folder of the service\.$/,
  },
  { why: 'the same of pnpm', files: { 'package.json': {}, 'pnpm-workspace.yaml': '' }, says: /holds the packages of a monorepo/ },
  { why: 'no JSON', files: { 'package.json': '{' }, says: /package\.json is no JSON object: mend it first\.$/ },
])('nothing is planned: $why', ({ files, says }) => {
  expect(() => planOf(files)).toThrow(says)
})

test('what was found is said by what it is, and what was not found is left out', () => {
  const { found } = planOf({
    'package.json': { name: 'a', dependencies: { express: '5', bullmq: '5', kafkajs: '2', pg: '8' } },
    'index.js': WORKER,
  })
  expect(foundRows(found)).toEqual([
    ['language', 'JavaScript, CommonJS'],
    ['framework', 'Express'],
    ['queues', 'bullmq, seen by itself; kafkajs, whose work must be named in methods (images)'],
    ['clients', 'pg'],
    ['started by', 'index.js'],
  ])
})

test.for([
  { lock: 'package-lock.json', is: ['npm install otel-health @opentelemetry/api', 'npm start', 'npx otel-health status a'] },
  { lock: 'pnpm-lock.yaml', is: ['pnpm add otel-health @opentelemetry/api', 'pnpm start', 'pnpm exec otel-health status a'] },
  { lock: 'yarn.lock', is: ['yarn add otel-health @opentelemetry/api', 'yarn start', 'yarn otel-health status a'] },
])('the steps after it are those of $lock', ({ lock, is }) => {
  const { found, script, serviceName } = planOf({ 'package.json': { name: 'a' }, 'index.js': '', [lock]: '' })
  expect(nextSteps(found, script, serviceName)).toEqual(is)
})

test('what differs is shown with a line of what is around it', () => {
  expect(diffOf({ path: 'a', before: '1\n2\n3\n4\n5\n6\n7\n', after: '1\n2\nx\n4\n5\n6\n7\ny\n' })).toEqual([
    ...['--- a', '+++ a', ' 2', '-3', '+x', ' 4', ' 7', '+y'],
  ])
  expect(diffOf({ path: 'b', before: undefined, after: 'x\n' })).toEqual(['--- /dev/null', '+++ b', '+x'])
})
