/** How a service is called and where it is at home, whoever started it. */
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { processFacts } from '../../src/zero-code/process-facts.ts'
import { nameByPm2, servicePlace } from '../../src/zero-code/service-place.ts'
import { folderWith } from '../doctor/project-folder.ts'

const START = { parentPid: 1, hasChannel: false, isClusterWorker: false, env: {} }

const PROJECT = {
  'package.json': { name: '@acme/shop' },
  'apps/web/package.json': { name: 'web' },
  'src/worker.js': '',
  'node_modules/next/package.json': { name: 'next', bin: { next: 'dist/bin/next' } },
  'node_modules/next/dist/bin/next': '',
}

const files = Object.fromEntries(Object.entries(PROJECT).map(([file, content]) => [`app/${file}`, content]))

test.for([
  { why: 'a script of a project: the project’s', start: 'src/worker.js', script: 'src/worker.js', cwd: '', name: 'shop' },
  { why: 'the same started from elsewhere', start: 'src/worker.js', script: 'src/worker.js', cwd: '../elsewhere', name: 'shop' },
  {
    why: 'a framework in the project that has it: the project’s',
    start: 'node_modules/next/dist/bin/next',
    script: undefined,
    cwd: '',
    name: 'shop',
  },
  {
    why: 'a framework that a workspace has for all: that of the project started',
    start: 'node_modules/next/dist/bin/next',
    script: undefined,
    cwd: 'apps/web',
    name: 'web',
  },
  {
    why: 'a package from elsewhere: its own',
    start: 'node_modules/next/dist/bin/next',
    script: undefined,
    cwd: '../elsewhere',
    name: 'next',
  },
])('$why name', ({ start, script, cwd, name }) => {
  const folder = join(folderWith({ ...files, 'elsewhere/package.json': { name: 'elsewhere' } }), 'app')
  const facts = processFacts({ ...START, script: join(folder, start), cwd: join(folder, cwd) })
  expect(facts.owner?.isBin).toBe(start.includes('next'))
  expect(servicePlace(script && join(folder, script), facts).name).toBe(name)
})

test.for([
  { why: 'given with --name', env: { name: 'api', pm_id: '0', pm_exec_path: '/app/dist/main.js' }, name: 'api' },
  { why: 'made up of the file by PM2', env: { name: 'main', pm_id: '0', pm_exec_path: '/app/dist/main.js' }, name: undefined },
  { why: 'made up of a file with a path of Windows', env: { name: 'main', pm_id: '0', pm_exec_path: 'C:\\app\\main.js' }, name: undefined },
  { why: 'a variable of somebody else', env: { name: 'me' }, name: undefined },
  { why: 'inherited by what an app of npm starts', env: { name: 'web', pm_id: '3', pm_exec_path: '/usr/bin/npm' }, name: 'web' },
])('the name of PM2, $why: $name', ({ env, name }) => {
  expect(nameByPm2(env)).toBe(name)
})

test('the parent that a process knows is the one that started it, and none further up', () => {
  const folder = folderWith(PROJECT)
  const start = { ...START, script: join(folder, 'src/worker.js'), cwd: folder, env: { _OTEL_HEALTH_SERVICE: '7 /app/my service.js' } }
  expect(processFacts({ ...start, parentPid: 7 }).parentScript).toBe('/app/my service.js')
  expect(processFacts({ ...start, parentPid: 70 }).parentScript).toBeUndefined()
})
