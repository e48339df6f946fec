/** The files of the stack, checked by the programs that read them; and that what is tested is what docker-compose.yml runs. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { stackProgram, type StackProgram } from './stack-programs.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RULES = 'prometheus/rules'

const folder = mkdtempSync(join(tmpdir(), 'otel-health-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** Exit code, and all that was said. */
async function run(program: StackProgram, ...args: string[]): Promise<{ code: number; said: string }> {
  return await new Promise((resolve) => {
    execFile(stackProgram(program), args, { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr })
    })
  })
}

/** A copy of a shipped file with one change. Throws if there is nothing to change. */
function broken(file: string, from: string, to: string): string {
  const text = read(file)
  if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)} any more: break it in another place.`)
  const copy = join(folder, `${Math.random()}.yml`)
  writeFileSync(copy, text.replace(from, to))
  return copy
}

const CHECKS = {
  'otel-collector.yaml': (file) => run('otelcol', 'validate', '--config', file),
  'prometheus/prometheus.yml': (file) => run('promtool', 'check', 'config', file),
  'docker-compose.yml': (file) => run('docker-compose', '--project-directory', ROOT, '-f', file, 'config', '--quiet'),
} as const satisfies Record<string, (file: string) => ReturnType<typeof run>>

describe('what is shipped is valid', () => {
  test.for(Object.keys(CHECKS) as (keyof typeof CHECKS)[])('%s', async (file) => {
    expect(await CHECKS[file](join(ROOT, file))).toMatchObject({ code: 0 })
  })

  test('every file of Prometheus rules', async () => {
    const files = readdirSync(join(ROOT, RULES)).filter((file) => file.endsWith('.yml'))
    expect(files).not.toEqual([])
    for (const file of files) expect(await run('promtool', 'check', 'rules', join(RULES, file))).toMatchObject({ code: 0 })
  })
})

test.for([
  {
    why: 'a setting of the collector that does not exist',
    file: 'otel-collector.yaml',
    from: 'sizer:',
    to: 'sizers:',
    says: /invalid keys: sizers/,
  },
  {
    why: 'a pipeline with an exporter that does not exist',
    file: 'otel-collector.yaml',
    from: 'exporters: [otlp_http/prometheus]',
    to: 'exporters: [otlp_http/nobody]',
    says: /references exporter "otlp_http\/nobody" which is not configured/,
  },
  {
    why: 'a queue that waits for an answer: it would keep nothing',
    file: 'otel-collector.yaml',
    from: 'sizer: items',
    to: 'sizer: items\n      wait_for_result: true',
    says: /wait_for_result/,
  },
  {
    why: 'a setting of Prometheus that does not exist',
    file: 'prometheus/prometheus.yml',
    from: 'translation_strategy:',
    to: 'translation:',
    says: /field translation not found/,
  },
  {
    why: 'a translation that does not exist',
    file: 'prometheus/prometheus.yml',
    from: 'UnderscoreEscapingWithSuffixes\n\nstorage',
    to: 'UnderscoreEscaping\n\nstorage',
    says: /unsupported OTLP translation strategy "UnderscoreEscaping"/,
  },
  {
    why: 'a setting of compose that does not exist',
    file: 'docker-compose.yml',
    from: 'mem_limit:',
    to: 'memory_limit:',
    says: /services\.[\w-]+\.memory_limit/,
  },
] as const)('$why is refused', async ({ file, from, to, says }) => {
  const { code, said } = await CHECKS[file](broken(file, from, to))
  expect(code).not.toBe(0)
  expect(said).toMatch(says)
})

interface CollectorConfig {
  readonly extensions: object
  readonly receivers: object
  readonly processors: object
  readonly exporters: object
  readonly connectors?: object
}

test('the collector that is tested has exactly the components that otel-collector.yaml names', async () => {
  const config = parse(read('otel-collector.yaml')) as CollectorConfig
  const built = parse((await run('otelcol', 'components')).said) as Record<keyof CollectorConfig, readonly { readonly name: string }[]>
  for (const kind of ['extensions', 'receivers', 'processors', 'exporters', 'connectors'] as const) {
    const named = new Set(Object.keys(config[kind] ?? {}).map((id) => id.split('/')[0]))
    expect({ [kind]: new Set(built[kind].map(({ name }) => name)) }).toEqual({ [kind]: named })
  }
})

test.for([
  { program: 'otelcol', image: /^FROM otel\/opentelemetry-collector-contrib:(\S+)/m, file: 'Dockerfile' },
  { program: 'prometheus', image: /^ +image: prom\/prometheus:v(\S+)$/m, file: 'docker-compose.yml' },
] as const)('the $program that is tested is of the version in $file', async ({ program, image, file }) => {
  const [, version] = image.exec(read(file)) ?? []
  expect((await run(program, '--version')).said).toMatch(new RegExp(`^${program},? version ${version?.replaceAll('.', '\\.')}\\s`))
})
