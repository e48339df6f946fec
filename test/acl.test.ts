import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { ACL_FOLDER, aclFiles, commandsOf } from '../scripts/acl.ts'
import packageJson from '../package.json' with { type: 'json' }

test('the files are what the scripts and names of the wire come to: npm run generate', () => {
  const found = readdirSync(ACL_FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.acl'))
  expect(Object.fromEntries(found.map((file) => [file, readFileSync(join(ACL_FOLDER, file), 'utf8')]))).toEqual(aclFiles())
})

test('they are in the package', () => {
  expect(packageJson.files).toContain('docs/acl')
  expect(existsSync(new URL('../docs/acl/service.acl', import.meta.url))).toBe(true)
})

test.for([
  { why: 'call and pcall', lua: "redis.call('GET', KEYS[1]) local a = redis.pcall('TIME')", is: ['GET', 'TIME'] },
  { why: 'by a local', lua: "local call = redis.call local a = call('GET', KEYS[1]) ~= call('TIME')", is: ['GET', 'TIME'] },
  { why: 'each once', lua: "redis.call('GET', KEYS[1]) redis.call('GET', KEYS[2])", is: ['GET'] },
  {
    why: 'both of two that are chosen from',
    lua: "redis.pcall(string.sub(c, 1, 1) == 'X' and 'SPUBLISH' or 'PUBLISH', c, 'D')",
    is: ['PUBLISH', 'SPUBLISH', 'X'],
  },
  { why: 'arguments are none', lua: "redis.call('SET', KEYS[1], 'A', 'PX', ARGV[1])", is: ['SET'] },
])('what Lua calls: $why', ({ lua, is }) => {
  expect(commandsOf({ lua })).toEqual(is)
})
