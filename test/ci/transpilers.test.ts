/** Services in TypeScript that tsx and ts-node compile while they are loaded: every call is recorded, and errors are where they were. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const WATCH = new URL('../instrument/fixtures/watch.ts', import.meta.url).href
const CALLS = 9

const HANDLER = `interface Job { readonly id: number }
let calls: number = 0
export const handleJob = async (job: Job): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 1))
  if (calls === 2) console.log(new Error('here').stack)
  return ++calls
}
`
const END = `if (calls === ${CALLS}) await new Promise(() => setTimeout(() => process.exit(), 10))`
const ESM = `${HANDLER}while (true) {
  await handleJob({ id: 1 })
  ${END}
}
`
const CJS = `${HANDLER}async function main(): Promise<void> {
  while (true) {
    await handleJob({ id: 1 })
    ${END}
  }
}

void main()
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-transpilers-'))
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: { tsx: '4', 'ts-node': '10', typescript: '5' } }),
  )
  const npm = [process.env['npm_execpath'] ?? '', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  await run(process.execPath, npm, { cwd: folder })
  for (const [type, text] of [
    ['module', ESM],
    ['commonjs', CJS],
  ] as const) {
    await mkdir(join(folder, type))
    await writeFile(join(folder, type, 'package.json'), JSON.stringify({ type }))
    await writeFile(join(folder, type, 'tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022' } }))
    await writeFile(join(folder, type, 'worker.ts'), text)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.for([
  { type: 'module', by: 'Node', flags: [] },
  { type: 'module', by: 'tsx', flags: ['--import', 'tsx'] },
  { type: 'commonjs', by: 'tsx', flags: ['--import', 'tsx'] },
  { type: 'commonjs', by: 'ts-node', flags: ['--require', 'ts-node/register/transpile-only'] },
] as const)('$type by $by', ({ type, flags }) => {
  const node = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const cwd = join(folder, type)
    return (await run(process.execPath, ['--no-warnings', ...args, 'worker.ts'], { cwd, env: { ...process.env, ...env } })).stdout
  }

  test.for([{ order: 'before' }, { order: 'after' }])('otel-health $order it', async ({ order }) => {
    const module = pathToFileURL(join(folder, type, 'worker.ts')).href
    const record = join(folder, `${type}.json`)
    const env = { WATCH: JSON.stringify([{ module, function: 'handleJob' }]), RECORD: record }
    const ours = ['--import', WATCH]
    const alone = await node(flags)
    expect(alone).toMatch(/worker\.ts:5:/)
    expect(await node(order === 'before' ? [...ours, ...flags] : [...flags, ...ours], env)).toBe(alone)
    const { calls, said } = JSON.parse(await readFile(record, 'utf8')) as { calls: object[]; said: string[] }
    expect([calls.length, said]).toEqual([CALLS, []])
  })
})
