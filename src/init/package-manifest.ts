/** What of a package.json says how the service is made and started. Pure. */

export interface Manifest {
  readonly name: string | undefined
  readonly isModule: boolean
  readonly main: string | undefined
  readonly scripts: Readonly<Record<string, string>>
  /** Of all kinds. */
  readonly dependencies: ReadonlySet<string>
  readonly hasWorkspaces: boolean
}

/** `undefined` if it is no JSON object. */
export function readManifest(text: string): Manifest | undefined {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const { name, type, main, scripts, workspaces, ...rest } = json as Readonly<Record<string, unknown>>
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].map((kind) => rest[kind])
  return {
    name: textOrNone(name),
    isModule: type === 'module',
    main: textOrNone(main),
    scripts: Object.fromEntries(
      Object.entries(recordOf(scripts)).flatMap(([script, command]) => (typeof command === 'string' ? [[script, command]] : [])),
    ),
    dependencies: new Set(kinds.flatMap((kind) => Object.keys(recordOf(kind)))),
    hasWorkspaces: workspaces !== undefined,
  }
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

/** The text with `command` as the script `name`, as it is formatted; that of another script stays. */
export function withScript(text: string, name: string, command: string): string {
  const json = JSON.parse(text.replace(/^\ufeff/, '')) as { scripts?: Record<string, string> }
  const before = json.scripts?.[name]
  if (before !== undefined) {
    const at = text.search(new RegExp(`${escaped(JSON.stringify(name))}\\s*:\\s*${escaped(JSON.stringify(before))}`))
    const begin = at < 0 ? -1 : text.indexOf(JSON.stringify(before), at + JSON.stringify(name).length)
    if (begin >= 0) return text.slice(0, begin) + JSON.stringify(command) + text.slice(begin + JSON.stringify(before).length)
  }
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  '
  json.scripts = { ...json.scripts, [name]: command }
  return `${JSON.stringify(json, null, text.trim().includes('\n') ? indent : undefined)}${text.endsWith('\n') ? '\n' : ''}`
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
