/** Whose a file is, by where it lies. */
import { expect, test } from 'vitest'

import { isInstalledFile, isPartOf, isQueueLibrary, isServiceCode } from '../../src/zero-code/installed-code.ts'

test.for([
  { file: '/app/node_modules/x/a.js', is: true },
  { file: 'C:\\app\\node_modules\\x\\a.js', is: true },
  { file: '/app/.yarn/cache/x-npm-1.zip/node_modules/x/a.js', is: true },
  { file: '/usr/share/nodejs/npm/bin/npm-cli.js', is: true },
  { file: '/home/me/.cache/node/corepack/v1/yarn/4.1.0/yarn.js', is: true },
  { file: '/app/node_modules.js', is: false },
  { file: '/app/my_node_modules/a.js', is: false },
  { file: '/app/passenger/app.js', is: false },
  { file: '/app/corepack/service.js', is: false },
])('$file came with a package: $is', ({ file, is }) => {
  expect(isInstalledFile(file)).toBe(is)
})

test.for([
  { why: 'a module', file: '/app/src/mailer.ts', is: true },
  { why: 'what next has built', file: '/app/.next/server/pages/index.js', is: true },
  { why: 'a name that ends as files of tools do', file: '/app/profile.js', is: true },
  { why: 'a configuration', file: '/app/next.config.mjs', is: false },
  { why: 'the apps of PM2', file: '/app/ecosystem.config.js', is: false },
  { why: 'a hidden file', file: '/app/.eslintrc.cjs', is: false },
  { why: 'tasks', file: '/app/gulpfile.js', is: false },
  { why: 'data', file: '/app/package.json', is: false },
])('$why is code of a service: $is', ({ file, is }) => {
  expect(isServiceCode(file)).toBe(is)
})

test.for([
  { file: '/app/node_modules/bullmq/dist/cjs/index.js', is: true },
  { file: '/app/node_modules/@aws-sdk/client-sqs/dist-cjs/index.js', is: true },
  { file: '/app/node_modules/bull-board/index.js', is: false },
  { file: '/app/bullmq/index.js', is: false },
])('$file is of a queue library: $is', ({ file, is }) => {
  expect(isQueueLibrary(file)).toBe(is)
})

test.for([
  { path: '/app/src', folder: '/app', is: true },
  { path: '/app', folder: '/app', is: true },
  { path: '/application', folder: '/app', is: false },
  { path: '/app/src', folder: '/', is: true },
  { path: 'C:\\app\\src', folder: 'C:\\app', is: true },
])('$path is in $folder: $is', ({ path, folder, is }) => {
  expect(isPartOf(path, folder)).toBe(is)
})
