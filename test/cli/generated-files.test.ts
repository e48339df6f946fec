/** `otel-health dashboards` and `rules`, as somebody with limits of his own runs them. */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'

import { writeDashboards, writeRules } from '../../src/cli/generated-files.ts'
import { runCommand } from '../../src/cli/command-line.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-generated-'))
})
afterEach(async () => await rm(folder, { recursive: true, force: true }))

function command(env: Readonly<Record<string, string>> = {}) {
  const [out, talk]: [string[], string[]] = [[], []]
  const io = {
    env,
    out: (line: string) => void out.push(line),
    talk: (line: string) => void talk.push(line),
    redraw: undefined,
    signal: new AbortController().signal,
  }
  return { io, out, talk }
}

interface Panel {
  readonly title?: string
  readonly fieldConfig?: { readonly defaults: { readonly thresholds: { readonly steps: readonly { readonly value: number | null }[] } } }
  readonly targets?: readonly { readonly expr: string; readonly interval: string }[]
}

async function panels(name: string): Promise<readonly Panel[]> {
  return (JSON.parse(await readFile(join(folder, 'made', name), 'utf8')) as { panels: Panel[] }).panels
}

test('dashboards have the limits of environment and health.config, and say which files they are', async () => {
  await writeFile(join(folder, 'health.config.json'), JSON.stringify({ rules: { large_queue: { limit: 7 } } }))
  const { io, out } = command({ VERY_LARGE_QUEUE_THRESHOLD: '90000', OTEL_METRIC_EXPORT_INTERVAL: '10000' })
  expect(await writeDashboards({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).toBe(0)
  expect(out.toSorted()).toEqual((await readdir(join(folder, 'made'))).map((name) => join(folder, 'made', name)).toSorted())
  const due = (await panels('otel-health-tracker-fetcher.json')).find(({ title }) => title === 'Trackers due')!
  expect(due.fieldConfig!.defaults.thresholds.steps.map(({ value }) => value)).toEqual([null, 7, 90_000])
  expect(due.targets![0]!.interval).toBe('10s')
})

const LOOKUPS = {
  metrics: { 'cache.lookups': { instrument: 'counter', unit: '{lookup}', attributes: { 'cache.result': ['hit', 'miss'] } } },
  rules: {
    low_hit_rate: {
      when: { reading: 'ratio', of: { metric: 'cache.lookups', where: { 'cache.result': 'hit' } }, in: { metric: 'cache.lookups' } },
      below: '60 %',
    },
  },
}

test('own rules of health.config are in the dashboard of its kind alone, and recorded', async () => {
  await writeFile(join(folder, 'health.config.json'), JSON.stringify({ ...LOOKUPS, profile: 'tracker_fetcher' }))
  const { io } = command()
  expect(await writeDashboards({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).toBe(0)
  expect(await writeRules({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).toBe(0)
  const titles = async (name: string) => (await panels(name)).map(({ title }) => title)
  expect(await titles('otel-health-tracker-fetcher.json')).toEqual(expect.arrayContaining(['Own rules', 'Low hit rate']))
  expect(await titles('otel-health-worker.json')).not.toContain('Own rules')
  const { groups } = parse(await readFile(join(folder, 'made/otel-health.yml'), 'utf8')) as { groups: { rules: { record: string }[] }[] }
  expect(groups[1]!.rules.map(({ record }) => record)).toEqual(['health:low_hit_rate'])
})

test('a kind that a service makes itself has a dashboard with its rules', async () => {
  const index = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)
  const text = `import { defineKind } from ${index}
export default { profile: defineKind({ name: 'cache_filler', ...${JSON.stringify(LOOKUPS)} }), rules: { low_hit_rate: { limit: 70 } } }`
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'health.config.js'), text)
  const { io } = command()
  expect(await writeDashboards({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).toBe(0)
  const panel = (await panels('otel-health-cache-filler.json')).find(({ title }) => title === 'Low hit rate')!
  expect(panel.fieldConfig!.defaults.thresholds.steps.map(({ value }) => value)).toEqual([null, 70])
  expect((await panels('otel-health-worker.json')).map(({ title }) => title)).not.toContain('Own rules')
})

interface AlertFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly { readonly alert?: string; readonly expr: string }[] }[]
}

async function serviceAlerts(): Promise<AlertFile> {
  return parse(await readFile(join(folder, 'made/services/otel-health-services.yml'), 'utf8')) as AlertFile
}

test('what judges the service is a file of its own, which nobody loads with the others', async () => {
  await writeFile(join(folder, 'health.config.json'), JSON.stringify({ ...LOOKUPS, profile: 'tracker_fetcher' }))
  const { io } = command({ LARGE_QUEUE_THRESHOLD: '7' })
  expect(await writeRules({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).toBe(0)
  const { groups } = await serviceAlerts()
  expect(groups.map(({ name }) => name)).toEqual(['otel-health judges tracker_fetcher', 'otel-health judges every service'])
  expect(groups[0]!.rules.map(({ alert }) => alert)).toEqual(expect.arrayContaining(['large_queue', 'low_hit_rate']))
  expect(groups[0]!.rules.find(({ alert }) => alert === 'large_queue')!.expr).toMatch(/> 7$/)
})

test('--config names a health.config elsewhere', async () => {
  await writeFile(join(folder, 'other.json'), JSON.stringify({ ...LOOKUPS, profile: 'worker' }))
  const { io } = command()
  expect(await runCommand(['rules', join(folder, 'made'), '--config', join(folder, 'other.json')], io)).toBe(0)
  expect((await serviceAlerts()).groups.map(({ name }) => name)).toEqual(['otel-health judges worker', 'otel-health judges every service'])
})

test('a rule that cannot be judged is refused with its name', async () => {
  await writeFile(join(folder, 'health.config.json'), JSON.stringify({ rules: LOOKUPS.rules }))
  const { io } = command()
  const refused = expect.objectContaining({
    message: expect.stringMatching(/low_hit_rate reads the metric "cache.lookups"/) as string,
  }) as Error
  await expect(writeDashboards({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).rejects.toEqual(refused)
  await expect(writeRules({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).rejects.toEqual(refused)
})

test('what watches is one file for Prometheus, as patient as the intervals are long', async () => {
  const { io } = command({ HEALTH_PUBLISHING_INTERVAL: '100' })
  expect(await writeRules({ ...io, json: false }, join(folder, 'made'), { cwd: folder })).toBe(0)
  const { groups } = parse(await readFile(join(folder, 'made/otel-health.yml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[]
  }
  expect(groups[0]!.rules[0]).toMatchObject({ alert: 'HealthHeartbeatAbsent', expr: expect.stringMatching(/> 300$/) as string })
})

test.for([
  { why: 'a folder must be named', args: ['dashboards'], env: {}, code: 2, said: /Into which folder\?/ },
  {
    why: 'a health.config that is not there is named',
    args: ['rules', 'unused', '--config', '/nowhere/health.config.json'],
    env: {},
    code: 2,
    said: /^\/nowhere\/health\.config\.json could not be loaded/,
  },
  { why: 'one folder is enough', args: ['rules', 'a', 'b'], env: {}, code: 2, said: /"b" is one argument too many/ },
  {
    why: 'a variable that cannot be used is named',
    args: ['rules', 'unused'],
    env: { MIN_FETCH_RATE: 'ten' },
    code: 2,
    said: /^MIN_FETCH_RATE is "ten"/,
  },
  { why: 'a file where the folder should be', args: ['rules', '/dev/null/x'], env: {}, code: 1, said: /ENOTDIR/ },
])('$why', async ({ args, env, code, said }) => {
  const { io, out, talk } = command(env)
  expect(await runCommand(args, io)).toBe(code)
  expect([out, talk]).toEqual([[], [expect.stringMatching(said)]])
})

test('--json is one list of paths', async () => {
  const { io, out } = command()
  expect(await runCommand(['rules', folder, '--json'], io)).toBe(0)
  expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
    [join(folder, 'otel-health.yml'), join(folder, 'services/otel-health-services.yml')],
  ])
})
