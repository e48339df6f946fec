/** The rules for Prometheus fire when they should, and only then: Prometheus' own tests of rules, on a clock of its own. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'

import { prometheusRules, type PrometheusRule } from '../../src/generate/prometheus-rules.ts'
import { stackProgram } from './stack-programs.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FIXTURE = 'test/ci/fixtures/prometheus-rules.yml'
const RULES = prometheusRules({ publishingInterval: 30, exportInterval: 60 })

test('promtool test rules', async () => {
  const { stdout } = await run(stackProgram('promtool'), ['test', 'rules', join(ROOT, FIXTURE)])
  expect(stdout).toContain('SUCCESS')
})

/** Other rules under the tests of this alert, but for that of a whole night, which takes long. */
async function testRules(alert: string, rules: readonly PrometheusRule[]): Promise<unknown> {
  const { tests, ...fixture } = parse(await readFile(join(ROOT, FIXTURE), 'utf8')) as { tests: readonly object[] }
  const its = tests.filter((each) => {
    const text = JSON.stringify(each)
    return (text.includes(alert) || text.includes('"ALERTS"')) && !/"eval_time":"\d+h/.test(text)
  })
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-rules-'))
  try {
    const write = async (name: string, content: object): Promise<void> => {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), stringify(content))
    }
    await write('prometheus/rules/otel-health.yml', { groups: [{ name: 'otel-health', rules }] })
    await write(FIXTURE, { ...fixture, tests: its })
    return await run(stackProgram('promtool'), ['test', 'rules', join(folder, FIXTURE)])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe.for(RULES.map(({ alert }) => alert))('the tests above find out if %s', (alert) => {
  const changed = (change: Partial<PrometheusRule>) => RULES.map((rule) => (rule.alert === alert ? { ...rule, ...change } : rule))

  test('nothing in them fails if it is as it should be', async () => {
    expect(await testRules(alert, RULES)).toMatchObject({ stdout: expect.stringContaining('SUCCESS') as string })
  })

  test.for([
    { why: 'never fires', change: { expr: 'vector(0) > 1' } },
    { why: 'always fires', change: { expr: 'vector(1)', for: '0s' } },
  ])('$why', async ({ change }) => {
    await expect(testRules(alert, changed(change))).rejects.toThrow(/FAILED/)
  })
})
