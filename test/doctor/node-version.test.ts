import { expect, test } from 'vitest'
import { checkNode } from '../../src/doctor/node-version.ts'

test.for([
  { why: 'too old by its major version', version: '20.20.2', status: 'fail' },
  { why: 'too old by its minor version', version: '22.17.9', status: 'fail' },
  { why: 'the oldest that will do, which has the quirk of load hooks', version: '22.18.0', status: 'warn' },
  { why: 'the last of its line with the quirk', version: '24.11.0', status: 'warn' },
  { why: 'the first of its line without', version: '24.11.1', status: 'ok' },
  { why: 'a line that never had it', version: '26.10.0', status: 'ok' },
])('Node $version: $why', ({ version, status }) => {
  const finding = checkNode(version)
  expect(finding.status).toBe(status)
  expect(finding.message).toContain(version)
  expect(finding.mend !== undefined).toBe(status !== 'ok')
})
