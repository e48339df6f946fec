import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { runCommand } from '../../src/cli/command-line.ts'

let folder: string
let config: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulate-'))
  config = join(folder, 'health.config.json')
  const lookups = { instrument: 'counter', unit: '{lookup}', attributes: { result: ['hit', 'miss'] } }
  const hits = { metric: 'cache.lookups', where: { result: 'hit' } }
  await writeFile(
    config,
    JSON.stringify({
      profile: 'tracker_fetcher',
      metrics: { 'cache.lookups': lookups },
      rules: {
        low_hit_rate: { when: { reading: 'ratio', of: hits, in: 'cache.lookups' }, below: '60 %' },
        low_success_rate: { limit: 99, critical: 50 },
        low_fetch_rate: false,
      },
    }),
  )
})
afterAll(async () => await rm(folder, { recursive: true }))

async function run(...args: readonly string[]) {
  const lines = { out: '', talk: '' }
  const code = await runCommand(['simulate', ...args], {
    ...{ env: {}, redraw: undefined, signal: new AbortController().signal },
    out: (line) => (lines.out += `${line}\n`),
    talk: (line) => (lines.talk += `${line}\n`),
  })
  return { code, ...lines }
}

const SHORT = ['--days', '1', '--seeds', '1']

interface Printed {
  readonly rules: readonly { readonly rule: string; readonly pages_in_30_days: number; readonly outage: string }[]
  readonly not_simulated: readonly { readonly rule: string }[]
}

test('every rule of the health.config that can be, with its limits; the others are named', async () => {
  const { code, out, talk } = await run('--rate', '3000', '--success', '90', '--json', '--config', config, ...SHORT)
  expect({ code, talk }).toEqual({ code: 0, talk: '' })
  const { rules, not_simulated: not } = JSON.parse(out) as Printed
  const pages = Object.fromEntries(rules.map((each) => [each.rule, each.pages_in_30_days > 0]))
  // Of the limit of 99 % that stands there, not of the usual 80 %.
  expect(pages).toEqual({ low_success_rate: true, slow_apple_api: true, low_hit_rate: false })
  expect(not.map(({ rule }) => rule)).toEqual([
    ...['apple_account_unauthenticated', 'anisette_unreachable', 'large_queue', 'restart_loop', 'drain_stuck', 'dependency_down'],
  ])
})

test('one rule with another limit', async () => {
  const asked = ['--rate', '3000', '--success', '90', '--rule', 'low_success_rate', '--config', config, ...SHORT]
  const { out } = await run(...asked, '--limit', '80', '--json')
  expect((JSON.parse(out) as Printed).rules.map((each) => [each.rule, each.pages_in_30_days])).toEqual([['low_success_rate', 0]])
})

test('for people it is sentences', async () => {
  const asked = ['--rate', '3000', '--success', '90', '--burst', '30s', '--within', '60', '--batch', '10', '--regular']
  const { code, out } = await run(...asked, '--rule', 'low_success_rate', '--config', config, ...SHORT)
  expect(code).toBe(0)
  expect(out).toContain(
    'Work: 3000 an hour at equal distances, 90 % of it good, in batches of 10, each good or bad as a whole, what is bad in bursts of 30 s on average, in which 60 % are bad.\n' +
      'Simulated once for 1 day',
  )
  expect(out).toMatch(/low_success_rate \(10 % fail\):\n {2}pages in 30 days: \d/)
  expect(out).toMatch(/when all of it is bad from some time on, that is told within [\d.]+ min in half of the cases/)
})

test.for([
  { why: 'nothing is said of the work', args: [], talk: /^How much work an hour/ },
  { why: 'no number', args: ['--rate', 'x', '--success', '97'], talk: /^--rate is "x", expected a number/ },
  { why: 'no process', args: ['--rate', '3', '--success', '120'], talk: /^The success is 120 %, expected 0 to 100/ },
  { why: 'no span', args: ['--rate', '3', '--success', '97', '--burst', 'long'], talk: /--burst/ },
  { why: 'a limit of no rule', args: ['--rate', '3', '--success', '97', '--limit', '3'], talk: /^--limit is of one rule/ },
  { why: 'no rule', args: ['--rate', '3', '--success', '97', '--rule', 'nope'], talk: /^There is no rule nope: known are large_queue,/ },
  {
    why: 'a rule of a level',
    args: ['--rate', '3', '--success', '97', '--rule', 'large_queue'],
    talk: /cannot be simulated: it goes by a level/,
  },
  { why: 'no days', args: ['--rate', '3', '--success', '97', '--days', '0'], talk: /^--days is "0", expected a whole number/ },
  { why: 'too many', args: ['--rate', '3', '--success', '97', '--days', '999999'], talk: /take fewer/ },
])('one sentence where it cannot be done: $why', async ({ args, talk }) => {
  const done = await run(...args)
  expect({ code: done.code, out: done.out }).toEqual({ code: 2, out: '' })
  expect(done.talk).toMatch(talk)
})

test('what is of simulate alone is refused elsewhere', async () => {
  const lines: string[] = []
  const io = {
    env: {},
    out: () => {},
    talk: (line: string) => void lines.push(line),
    redraw: undefined,
    signal: new AbortController().signal,
  }
  expect(await runCommand(['status', '--rate', '3'], io)).toBe(2)
  expect(lines).toEqual(['--rate is of simulate alone: see otel-health --help.'])
})
