/** The rules for Prometheus fire when they should, and only then: Prometheus' own tests of rules, on a clock of its own. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { prometheusRules } from '../../src/generate/prometheus-rules.ts'
import { stackProgram } from './stack-programs.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TESTS = join(ROOT, 'test/ci/fixtures/prometheus-rules.yml')

test('promtool test rules', async () => {
  const { stdout } = await run(stackProgram('promtool'), ['test', 'rules', TESTS])
  expect(stdout).toContain('SUCCESS')
})

test('every rule is tested', async () => {
  const { tests } = parse(await readFile(TESTS, 'utf8')) as { tests: readonly object[] }
  const text = JSON.stringify(tests)
  expect(prometheusRules({ publishingInterval: 30, exportInterval: 60 }).filter(({ alert }) => !text.includes(alert))).toEqual([])
})

test('a rule that is broken is found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'otel-health-rules-'))
  try {
    await cp(join(ROOT, 'prometheus/rules'), join(folder, 'prometheus/rules'), { recursive: true })
    await cp(TESTS, join(folder, 'test/ci/fixtures/prometheus-rules.yml'), { recursive: true })
    const file = join(folder, 'prometheus/rules/otel-health.yml')
    await writeFile(file, (await readFile(file, 'utf8')).replace('> 150', '> 1500'))
    await expect(run(stackProgram('promtool'), ['test', 'rules', join(folder, 'test/ci/fixtures/prometheus-rules.yml')])).rejects.toThrow(
      /FAILED/,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
