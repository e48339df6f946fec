/**
 * Queue libraries whose queues are not in Redis, with the real packages at their oldest and newest versions: a service in a process of its own
 * does a hundred jobs, once watched and once not. To it there is no difference, and what is told of it is what it says itself.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { QueueAttempt } from '../../src/instrument/queues/queue-library.ts'
import { KafkaBroker } from './kafka-broker.ts'
import { QUEUE_LIBRARIES_IN_CI } from '../support/queue-libraries-in-ci.ts'
import { BESIDES } from './queue-programs/besides.ts'
import { BETWEEN, NEWEST, OLDEST } from './queue-programs/eras.ts'
import type { Program } from './queue-programs/program.ts'
import { HANDLER } from './queue-programs/program.ts'
import { RealRabbitmq } from './real-rabbitmq.ts'
import { SqsServer } from './sqs-server.ts'

const run = promisify(execFile)
const WATCH = new URL('../instrument/fixtures/watch-queues.ts', import.meta.url).href

const ERAS = { oldest: OLDEST, between: BETWEEN, newest: NEWEST }
type Era = keyof typeof ERAS

let folder: string
let sqs: SqsServer
let rabbitmq: RealRabbitmq
let kafka: KafkaBroker

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-queues-'))
  const starts = [SqsServer.start(), RealRabbitmq.start(), KafkaBroker.start()] as const
  for (const [era, { packages }] of Object.entries(ERAS)) await install(join(folder, era), packages)
  ;[sqs, rabbitmq, kafka] = await Promise.all(starts)
})
afterAll(async () => {
  sqs?.stop()
  kafka?.stop()
  await rabbitmq?.remove()
  await rm(folder, { recursive: true, force: true })
})

async function install(project: string, dependencies: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', private: true, dependencies }))
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--legacy-peer-deps']
  await run(process.execPath, [process.env['npm_execpath'] ?? '', 'install', ...options], { cwd: project })
}

interface Run {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly stderr: string
}

interface Told {
  readonly attempts: readonly (Omit<QueueAttempt, 'error'> & { readonly error?: string })[]
  readonly readings: readonly { readonly name: string }[]
  readonly said: readonly string[]
}

type Form = 'inline in an ES module' | 'exported by an ES module' | 'inline in CommonJS' | 'exported by CommonJS'

/** What its outside sees of it. */
const outcomeOf = ({ keepsOrder }: Program, { code, lines }: Run) => ({ code, lines: keepsOrder ? lines : lines.toSorted() })

let runs = 0

async function runProgram(
  era: Era,
  program: Pick<Program, 'loads' | 'body' | 'queue'>,
  form: Form,
  args: readonly string[],
): Promise<Run & { readonly told: Told | undefined }> {
  const [isEs, isInline] = [form.includes('ES module'), form.startsWith('inline')]
  const name = `${++runs}`
  const [service, handler, record] = ['service', 'handler', 'record'].map((file) =>
    join(folder, era, `${file}-${name}${file === 'record' ? '' : isEs ? '.mjs' : '.cjs'}`),
  ) as [string, string, string]
  const names = '{ handle, jobsEnded, counts }'
  const loads = Object.entries({ ...program.loads, ...(!isInline && { handlers: handler }) }).map(([as, from]) =>
    isEs ? `import * as ${as} from '${from}';` : `const ${as} = require('${from}');`,
  )
  const main = [isInline ? HANDLER : `const ${names} = handlers`, program.body].join('\n')
  await mkdir(record)
  await writeFile(handler, `${HANDLER}\n${isEs ? `export ${names}` : `module.exports = ${names}`}`)
  await writeFile(service, [...loads, isEs ? main : `(async () => {\n${main}\n})()`].join('\n'))
  const queue = `${program.queue}-${name}`
  sqs.add(
    queue,
    Array.from({ length: 100 }, (_, n) => String(n)),
  )
  const env = {
    ...process.env,
    SQS: sqs.url,
    AMQP: `amqp://127.0.0.1:${rabbitmq.port}`,
    KAFKA: `127.0.0.1:${kafka.port}`,
    QUEUE: queue,
    RECORD: record,
    AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1',
  }
  const done = await new Promise<Run>((resolve) => {
    const child = execFile(process.execPath, [...args, service], { env, timeout: 60_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, lines: stdout.split('\n').filter(Boolean), stderr }),
    )
  })
  const [file] = await readdir(record)
  const told =
    file === undefined ? undefined : (JSON.parse((await readFile(join(record, file), 'utf8')).replaceAll(queue, program.queue)) as Told)
  return { ...done, told }
}

const FORMS_OF: Readonly<Record<Era, readonly Form[]>> = {
  oldest: ['inline in an ES module', 'exported by CommonJS'],
  between: ['inline in CommonJS'],
  newest: ['inline in CommonJS', 'exported by an ES module'],
}
const rows = Object.entries(ERAS).flatMap(([era, { packages, programs }]) =>
  programs.flatMap((program) =>
    FORMS_OF[era as Era].map((form) => ({
      era: era as Era,
      program,
      form,
      title: `${program.library} ${packages[program.library as keyof typeof packages]}${program.why && `, ${program.why}`}, ${form}`,
    })),
  ),
)

test('every library of this test has its programs at its oldest and newest version', () => {
  const here = Object.keys(QUEUE_LIBRARIES_IN_CI).filter((name) => QUEUE_LIBRARIES_IN_CI[name] === 'queue-libraries-other.test.ts')
  for (const { programs } of [OLDEST, NEWEST]) {
    const tested = new Set(programs.map(({ library }) => library.toLowerCase()))
    expect([...tested].toSorted()).toEqual(here.map((name) => name.toLowerCase()).toSorted())
  }
})

describe.concurrent('each job is one attempt', () => {
  test.for(rows)('$title', { timeout: 120_000 }, async ({ era, program, form }) => {
    const [bare, watched] = [await runProgram(era, program, form, []), await runProgram(era, program, form, ['--import', WATCH])]
    expect(bare).toMatchObject({ code: 0, told: undefined })
    expect(outcomeOf(program, watched)).toEqual(outcomeOf(program, bare))
    const { attempts, readings, said } = watched.told!
    expect(said).toEqual([])
    const { queue, ok, errors, reading } = program
    const done = watched.lines.filter((line) => line.startsWith('done')).length
    expect(attempts.filter(({ failed, postponed }) => !failed && !postponed)).toHaveLength(ok)
    expect(done).toBe(ok)
    expect(attempts.flatMap(({ failed, error }) => (failed ? [String(error)] : [])).toSorted()).toEqual(errors.toSorted())
    expect(new Set(attempts.map((attempt) => attempt.queue))).toEqual(new Set([queue]))
    expect(attempts.filter(({ durationMs, postponed }) => postponed || !(durationMs >= 0 && durationMs < 10_000))).toEqual([])
    expect(readings).toEqual(reading ? [{ name: queue, ...reading }] : [])
  })
})

describe.concurrent('what else is done', () => {
  test.for(BESIDES.flatMap((each) => (['inline in CommonJS', 'inline in an ES module'] as const).map((form) => ({ ...each, form }))))(
    '$why, $form',
    { timeout: 120_000 },
    async ({ loads, body, attempts, form }) => {
      const program = { loads, body, queue: 'jobs' }
      const [bare, watched] = [
        await runProgram('newest', program, form, []),
        await runProgram('newest', program, form, ['--import', WATCH]),
      ]
      expect(bare).toMatchObject({ code: 0, told: undefined })
      expect({ code: watched.code, lines: watched.lines }).toEqual({ code: bare.code, lines: bare.lines })
      const told = watched.told!.attempts.map(({ queue, failed, postponed, error }) =>
        failed ? `${queue} failed ${error}` : `${queue} ${postponed ? 'postponed' : 'done'}`,
      )
      expect(Object.fromEntries([...Map.groupBy(told, (each) => each)].map(([each, all]) => [each, all.length]))).toEqual(attempts)
      expect(watched.told!.said).toEqual([])
    },
  )
})
