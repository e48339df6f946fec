/** What a process is to us: a launcher that beat would hide for ever that the service behind it is frozen. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { processRole, roleSentence, type ProcessFacts } from '../../src/zero-code/process-role.ts'

const APP: ProcessFacts = {
  script: '/app/service.js',
  owner: { name: 'app', folder: '/app', isBin: false },
  cwd: '/app',
  hasChannel: false,
  isClusterWorker: false,
  parentScript: undefined,
  isSandbox: false,
  isOwn: false,
  env: {},
}

/** A script of a package in some node_modules. */
function installed(name: string, script: string, { isBin = true, at = '/app' } = {}): Partial<ProcessFacts> {
  const folder = `${at}/node_modules/${name}`
  return { script: `${folder}/${script}`, owner: { name, folder, isBin } }
}
const helper = (name: string, script: string): Partial<ProcessFacts> => ({ ...installed(name, script, { isBin: false }), hasChannel: true })

const ANY_SIGN = ['main', 'code', 'queues', 'server', 'connections']
const SERVICE = { is: 'service', until: [] }
const NEVER = { is: 'launcher', until: [] }
const LAUNCHER = { is: 'launcher', until: ANY_SIGN }
const WRAPPER = { is: 'helper', until: ['main', 'server'] }
const HELPER = { is: 'helper', until: [] }

describe('the service', () => {
  test.for([
    { why: 'a script of the project', facts: {} },
    { why: 'a script as text, or from standard input', facts: { script: undefined, owner: undefined } },
    { why: 'a script without any package.json', facts: { script: '/srv/worker.js', owner: undefined, cwd: '/' } },
    { why: 'one started from elsewhere, as systemd does', facts: { cwd: '/' } },
    { why: 'one that `bin` of its project names', facts: { owner: { name: 'app', folder: '/app', isBin: true }, cwd: '/' } },
    { why: 'one that nodemon, tsx or `node --watch` has a channel to', facts: { hasChannel: true } },
    { why: 'a package of a monorepo that node_modules links to: links are followed', facts: { script: '/mono/packages/app/dist/main.js' } },
    { why: 'a cluster worker', facts: { hasChannel: true, isClusterWorker: true, parentScript: '/app/service.js' } },
    { why: 'a cluster worker with a script of its own', facts: { hasChannel: true, isClusterWorker: true, parentScript: '/app/main.js' } },
    { why: 'a fork of the same script', facts: { hasChannel: true, parentScript: '/app/service.js' } },
    { why: 'a program that the service starts without a channel', facts: { parentScript: '/app/main.js' } },
    {
      why: 'an installed package in whose folder it is started, as images of global installs do',
      facts: { ...installed('app', 'main.js', { at: '/usr/lib' }), cwd: '/usr/lib/node_modules/app' },
    },
    {
      why: 'an installed package that the environment names',
      facts: { ...installed('@acme/My-Service', 'bin.js'), env: { OTEL_SERVICE_NAME: 'my-service' } },
    },
    { why: 'a project in a folder with a name like a package manager’s', facts: { script: '/home/yarn/service.js', cwd: '/home/yarn' } },
  ] as { why: string; facts: Partial<ProcessFacts> }[])('is $why', ({ facts }) => {
    expect(processRole({ ...APP, ...facts })).toMatchObject(SERVICE)
  })
})

describe('what stands around it', () => {
  test.for([
    { why: 'npm', facts: installed('npm', 'bin/npm-cli.js', { at: '/usr/lib' }), role: NEVER },
    { why: 'npm in its own folder', facts: { ...installed('npm', 'bin/npm-cli.js'), cwd: '/app/node_modules/npm' }, role: NEVER },
    {
      why: 'npm of Volta, which is in no node_modules',
      facts: { script: '/v/image/npm/10.2.0/bin/npm-cli.js', owner: { name: 'npm', folder: '/v/image/npm/10.2.0', isBin: true } },
      role: NEVER,
    },
    { why: 'pnpm', facts: installed('pnpm', 'bin/pnpm.cjs'), role: NEVER },
    { why: 'pnpm of corepack', facts: { script: '/root/.cache/node/corepack/v1/pnpm/9.1.0/bin/pnpm.cjs', owner: undefined }, role: NEVER },
    { why: 'yarn of corepack, a file by itself', facts: { script: '/root/.cache/node/corepack/v1/yarn/4.1.0/yarn.js' }, role: NEVER },
    { why: 'yarn that the project has in it', facts: { script: '/app/.yarn/releases/yarn-4.5.0.cjs' }, role: NEVER },
    { why: 'nodemon', facts: installed('nodemon', 'bin/nodemon.js'), role: LAUNCHER },
    { why: 'a launcher that nobody has heard of', facts: installed('@acme/run', 'cli.js'), role: LAUNCHER },
    { why: 'the same on Windows', facts: { script: 'C:\\app\\node_modules\\x\\cli.js', owner: undefined, cwd: 'C:\\app' }, role: LAUNCHER },
    { why: 'ts-node, which loads the service itself', facts: installed('ts-node', 'dist/bin.js'), role: LAUNCHER },
    {
      why: 'a launcher of pnpm’s store',
      facts: installed('tsx', 'dist/cli.mjs', { at: '/app/node_modules/.pnpm/tsx@4.0.0' }),
      role: LAUNCHER,
    },
    { why: 'a script of a package that is no command', facts: installed('x', 'lib/run.js', { isBin: false }), role: LAUNCHER },
    { why: 'Passenger', facts: { script: '/usr/share/passenger/helper-scripts/node-loader.js', owner: undefined }, role: LAUNCHER },
    {
      why: 'a launcher that the service itself starts',
      facts: { ...installed('x', 'cli.js'), parentScript: '/app/service.js' },
      role: LAUNCHER,
    },
    {
      why: 'a package of another name than the environment gives',
      facts: { ...installed('x', 'cli.js'), env: { OTEL_SERVICE_NAME: 'y' } },
      role: LAUNCHER,
    },
    { why: 'a process of PM2', facts: helper('pm2', 'lib/ProcessContainerFork.js'), role: WRAPPER },
    {
      why: 'a cluster worker of PM2',
      facts: { ...helper('pm2', 'lib/ProcessContainer.js'), isClusterWorker: true },
      role: WRAPPER,
    },
    { why: 'a child of a library whose parent is not known', facts: helper('jest-worker', 'build/processChild.js'), role: WRAPPER },
    {
      why: 'a child that a library has of the service',
      facts: { ...helper('bull', 'lib/process/master.js'), parentScript: '/app/service.js' },
      role: HELPER,
    },
    {
      why: 'a sandbox of a queue library, whoever its parent is',
      facts: { ...helper('bullmq', 'main.js'), isSandbox: true },
      role: HELPER,
    },
    {
      why: 'a helper that the service forks of its own files',
      facts: { hasChannel: true, parentScript: '/app/main.js' },
      role: { is: 'helper', until: ['work', 'server'] },
    },
    { why: 'the command line of otel-health', facts: { isOwn: true }, role: { is: 'tool', until: [] } },
    {
      why: 'a command that the service forks',
      facts: { ...installed('x', 'cli.js'), hasChannel: true, parentScript: '/app/service.js' },
      role: LAUNCHER,
    },
  ] as { why: string; facts: Partial<ProcessFacts>; role: object }[])('$why is no service', ({ facts, role }) => {
    expect(processRole({ ...APP, ...facts })).toMatchObject(role)
  })
})

test('whatever a process is, what reports waits for nothing, and a sentence says what it is and why', () => {
  const path = fc.constantFrom('/app/a.js', '/app/node_modules/x/a.js', '/usr/lib/node_modules/npm/bin/npm-cli.js', undefined)
  const facts = fc.record({
    script: path,
    owner: fc.option(
      fc.record({ name: fc.constantFrom('app', 'x', 'npm'), folder: fc.constantFrom('/app', '/app/node_modules/x'), isBin: fc.boolean() }),
      {
        nil: undefined,
      },
    ),
    cwd: fc.constantFrom('/', '/app', '/app/node_modules/x'),
    hasChannel: fc.boolean(),
    isClusterWorker: fc.boolean(),
    parentScript: path,
    isSandbox: fc.boolean(),
    isOwn: fc.boolean(),
    env: fc.constantFrom({}, { OTEL_SERVICE_NAME: 'x' }),
  })
  fc.assert(
    fc.property(facts, (each) => {
      const role = processRole(each)
      if (role.is === 'service') expect(role.until).toEqual([])
      expect(roleSentence(7, role)).toMatch(/^pid 7 runs .+ \((service|launcher|helper|tool)\): (it reports|silent).*, because .+[^.]$/)
    }),
  )
})

test.for([
  { facts: {}, says: 'pid 7 runs service.js (service): it reports, because its script is none of an installed package' },
  {
    facts: installed('npm', 'bin/npm-cli.js'),
    says: 'pid 7 runs npm (launcher): silent, because it starts others and never runs a service in its own process',
  },
  {
    facts: { hasChannel: true, parentScript: '/app/main.js' },
    says: 'pid 7 runs service.js (helper): silent until it does work that is watched or listens on a port, because main.js, which is the service, forked it',
  },
] as { facts: Partial<ProcessFacts>; says: string }[])('a decision as people read it: $says', ({ facts, says }) => {
  expect(roleSentence(7, processRole({ ...APP, ...facts }))).toBe(says)
})
