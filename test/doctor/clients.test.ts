import { expect, test } from 'vitest'

import { checkClients } from '../../src/doctor/clients.ts'
import { findProject } from '../../src/doctor/project.ts'
import { folderWith, installed } from './project-folder.ts'

test.for([
  { why: 'none', dependencies: {}, files: installed('ioredis', '6.0.0'), status: 'skip', says: /^no client of a database or of Redis/ },
  {
    why: 'what is watched',
    dependencies: { ioredis: '5', pg: '8' },
    files: { ...installed('ioredis', '5.11.1'), ...installed('pg', '8.23.1') },
    status: 'ok',
    says: /^the servers of ioredis 5\.11\.1, pg 8\.23\.1 are watched by what they answer$/,
  },
  {
    why: 'what is not',
    dependencies: { mongodb: '6' },
    files: installed('mongodb', '6.1.0'),
    status: 'skip',
    says: /^no server is watched by what it answers; those of mongodb 6\.1\.0 are not: /,
  },
  {
    why: 'both, and a version that is too old',
    dependencies: { redis: '4', pg: '7' },
    files: { ...installed('redis', '4.7.1'), ...installed('pg', '7.18.2') },
    status: 'skip',
    says: /^the servers of redis 4\.7\.1 are watched by what they answer; those of pg 7\.18\.2 are not: /,
  },
  {
    why: 'the copy that a queue library brings',
    dependencies: { bull: '3' },
    files: { ...installed('bull', '3.29.3'), ...installed('ioredis', '4.31.0', 'node_modules/bull'), ...installed('ioredis', '6.0.0') },
    status: 'ok',
    says: /ioredis 4\.31\.0 are watched/,
  },
  { why: 'one that is not installed', dependencies: { mysql2: '3' }, files: {}, status: 'skip', says: /^no client/ },
])('clients in the folder of the service: $why', ({ dependencies, files, status, says }) => {
  const folder = folderWith({ 'package.json': { dependencies }, ...files })
  expect(checkClients(findProject(folder))).toMatchObject({ name: 'clients', status, message: expect.stringMatching(says) as string })
})
