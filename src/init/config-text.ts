/** The health.config that init writes: what is sure is said, what may be wanted stands there as a comment. Pure. */
import type { Findings } from './findings.ts'
import { theOne } from './pieces-of-work.ts'
import type { ProjectFiles } from './project-files.ts'

export interface ConfigFile {
  readonly name: string
  readonly text: string
}

/** `serviceName`: how the service is called. `isNamed`: package.json says so. */
export function configFile(found: Findings, files: ProjectFiles, serviceName: string, isNamed: boolean): ConfigFile {
  const name = nameOf(found, files)
  return { name, text: name.endsWith('.json') ? jsonOf(found, serviceName, isNamed) : moduleOf(found, serviceName, isNamed) }
}

/** A form that the project's compiler does not take along, and that its Node reads without a word. */
function nameOf({ language, modules }: Findings, { beside }: ProjectFiles): string {
  if (language === 'TypeScript run as it is') return modules === 'ES modules' ? 'health.config.ts' : 'health.config.mts'
  if (language === 'JavaScript') return modules === 'ES modules' ? 'health.config.js' : 'health.config.mjs'
  const compilesJavaScript = beside.some(({ path, text }) => path.startsWith('tsconfig') && /"allowJs"\s*:\s*true/.test(text))
  return compilesJavaScript ? 'health.config.json' : 'health.config.mjs'
}

interface Method {
  readonly module: string
  readonly function: string
}

/** What looks like the work of a service that no queue library tells of. */
function methodsOf(found: Findings): { readonly sure: Method | undefined; readonly others: readonly Method[] } {
  const isSeen = found.queueLibraries.some(({ isWatched }) => isWatched)
  const methods = found.pieces.flatMap(({ path, name }) => {
    const module = runPath(path, found)
    return module === undefined ? [] : [{ module: `./${module}`, function: name }]
  })
  const one = isSeen ? undefined : theOne(found.pieces)
  const sure = one && methods.find((method) => method.function === one.name)
  return { sure, others: methods.filter((method) => method !== sure).slice(0, 5) }
}

/** The path of a source as it is run: where TypeScript is compiled, as the entry tells. `undefined`: it cannot be told. */
function runPath(path: string, { language, entry }: Findings): string | undefined {
  if (language !== 'TypeScript that is compiled') return path
  const built = /^(dist|build|out|lib)\/(src\/)?/.exec(entry ?? '')
  if (!built) return undefined
  const within = built[2] ? path : path.replace(/^src\//, '')
  return `${built[1]}/${within.replace(/\.([cm]?)tsx?$/, '.$1js')}`
}

function moduleOf(found: Findings, serviceName: string, isNamed: boolean): string {
  const { sure, others } = methodsOf(found)
  const seen = found.queueLibraries.filter(({ isWatched }) => isWatched).map(({ name }) => name)
  const sections = [
    isNamed
      ? [
          `// Its name in Redis is that of package.json. HEALTH_SERVICE_NAME in the environment is stronger.`,
          `// serviceName: ${quoted(serviceName)},`,
        ]
      : ['// HEALTH_SERVICE_NAME in the environment is stronger.', `serviceName: ${quoted(serviceName)},`],
    seen.length > 0 ? [`// What ${seen.join(' and ')} brings is seen by itself: jobs, whether they fail, and how many wait.`] : [],
    methodSection(sure, others, seen.length > 0),
    found.upstreams.length === 0
      ? ['// Hosts that it calls by HTTP, to be judged by their answers.', "// upstreams: { mail_api: { host: 'api.example.com' } },"]
      : [
          '// Hosts that the sources name, judged by their answers. Take away what it does not call.',
          'upstreams: {',
          ...found.upstreams.map(({ name, host, path }) => `  ${keyOf(name)}: { host: ${quoted(host)} }, // ${path}`),
          '},',
        ],
    found.keys.length === 0
      ? []
      : [
          '// Keys of Redis that the sources take work from, read at REDIS_URL, or REDIS_HOST and REDIS_PORT.',
          'queues: {',
          ...found.keys.map(({ key, type, path }) => `  ${keyOf(key)}: { key: ${quoted(key)}, type: ${quoted(type)} }, // ${path}`),
          '},',
        ],
    ['// Other limits than those of docs/rules.md.', '// rules: { low_success_rate: { limit: 90 } },'],
  ]
  const body = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `  ${line}\n`).join(''))
    .join('\n')
  return [
    '// What otel-health is told of this service beyond what it sees by itself: https://www.npmjs.com/package/otel-health',
    "import { defineHealth } from 'otel-health'",
    '',
    'export default defineHealth({',
    `${body}})`,
    '',
  ].join('\n')
}

function methodSection(sure: Method | undefined, others: readonly Method[], isSeen: boolean): readonly string[] {
  const more = others.map((method) => `// ${methodText(method)}`)
  if (sure) {
    return [
      '// Each call is a piece of work, which fails if the call throws or rejects. It was found by its name: put another in its place if it is none.',
      'methods: [',
      ...[methodText(sure), ...more].map((line) => `  ${line}`),
      '],',
    ]
  }
  const examples = more.length > 0 ? more : [`// ${methodText({ module: './send-mail.js', function: 'sendMail' })}`]
  const why = isSeen
    ? '// Functions each call of which is a piece of work besides, which fails if the call throws or rejects.'
    : '// Name the function that does the work: each call is a piece of it, which fails if the call throws or rejects. Until then nothing of it is seen.'
  return [why, '// methods: [', ...examples.map((line) => line.replace('// ', '//   ')), '// ],']
}

function methodText(method: Method): string {
  return `{ module: ${quoted(method.module)}, function: ${quoted(method.function)}, records: 'attempt' },`
}

function jsonOf(found: Findings, serviceName: string, isNamed: boolean): string {
  const { sure } = methodsOf(found)
  const config = {
    ...(!isNamed && { serviceName }),
    ...(sure && { methods: [{ ...sure, records: 'attempt' }] }),
    ...(found.upstreams.length > 0 && { upstreams: Object.fromEntries(found.upstreams.map(({ name, host }) => [name, { host }])) }),
    ...(found.keys.length > 0 && { queues: Object.fromEntries(found.keys.map(({ key, type }) => [key, { key, type }])) }),
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}
