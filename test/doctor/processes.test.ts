/** Processes as Linux shows them, and what doctor says that they are. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { checkProcesses } from '../../src/doctor/processes.ts'
import { folderWith } from './project-folder.ts'

const REGISTERED = { NODE_OPTIONS: '--import otel-health/register', SECRET: 'hunter2' }

interface Shown {
  readonly words: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly exe?: string
  readonly parent?: number
}

/** A folder as /proc is, and the project that the processes work in. */
function machine(processes: Readonly<Record<number, Shown>>): string {
  const folder = folderWith({
    'app/package.json': { name: 'shop' },
    'app/service.js': '',
    'app/helper.js': '',
    'app/node_modules/npm/package.json': { name: 'npm', bin: { npm: 'cli.js' } },
    'app/node_modules/npm/cli.js': '',
    'app/node_modules/pm2/package.json': { name: 'pm2' },
  })
  for (const [pid, { words, env = REGISTERED, exe = '/usr/bin/node', parent = 1 }] of Object.entries(processes)) {
    const at = join(folder, 'proc', pid)
    mkdirSync(at, { recursive: true })
    writeFileSync(join(at, 'cmdline'), words.map((word) => `${word.replace('<app>', join(folder, 'app'))}\0`).join(''))
    writeFileSync(
      join(at, 'environ'),
      Object.entries(env)
        .map(([name, value]) => `${name}=${value.replace('<app>', join(folder, 'app'))}\0`)
        .join(''),
    )
    writeFileSync(join(at, 'stat'), `${pid} (node (x) y) S ${parent} 1 1 0`)
    symlinkSync(exe, join(at, 'exe'))
    symlinkSync(join(folder, 'app'), join(at, 'cwd'))
  }
  return join(folder, 'proc')
}

test.for([
  { why: 'the service', shown: { words: ['node', 'service.js'] }, says: /^pid 7 runs service\.js \(service\): it reports/ },
  {
    why: 'one with options of Node that have a value',
    shown: {
      words: ['node', '-r', 'dotenv/config', '--import', 'otel-health/register', '--no-warnings', 'service.js', '--port', '80'],
      env: {},
    },
    says: /^pid 7 runs service\.js \(service\)/,
  },
  {
    why: 'npm',
    shown: { words: ['node', 'node_modules/npm/cli.js', 'start'] },
    says: /^pid 7 runs npm \(launcher\): silent, because it starts others/,
  },
  { why: 'an app of PM2, by its title', shown: { words: ['node <app>/service.js'] }, says: /^pid 7 runs service\.js \(service\)/ },
  {
    why: 'a helper that the service forked',
    shown: {
      words: ['node', '<app>/helper.js'],
      env: { ...REGISTERED, NODE_CHANNEL_FD: '3', _OTEL_HEALTH_SERVICE: '5 /app/service.js' },
      parent: 5,
    },
    says: /^pid 7 runs helper\.js \(helper\): silent until it does work that is watched or listens on a port, because service\.js, which is the service, forked it$/,
  },
  {
    why: 'a script as text',
    shown: { words: ['node', '-e', 'run()'] },
    says: /^pid 7 runs node \(service\): it reports, because it runs a script that is no file$/,
  },
] as { why: string; shown: Shown; says: RegExp }[])('it says what runs: $why', ({ shown, says }) => {
  const finding = checkProcesses(machine({ 7: shown }))
  expect(finding).toMatchObject({ name: 'processes', status: 'ok', message: expect.stringMatching(says) as string })
  expect(finding.message).not.toContain('hunter2')
})

test('several processes are told of in the order of their ids, what is none of ours is not', () => {
  const words = ['node', 'service.js']
  const { message } = checkProcesses(machine({ 30: { words }, 4: { words }, 5: { words, env: {} }, 6: { words, exe: '/usr/bin/python3' } }))
  expect(message.match(/pid \d+/g)).toEqual(['pid 4', 'pid 30'])
})

test('where no process can be seen, that is said', () => {
  expect(checkProcesses('/nowhere')).toMatchObject({ status: 'skip' })
})
