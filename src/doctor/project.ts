/** The package in whose folder doctor was started, which is as a rule the service's. */
import { readFileSync, realpathSync } from 'node:fs'
// By a name of its own findPackageJSON would keep Node 20 from loading this and saying that it is too old.
import module from 'node:module'
import { dirname, join, parse } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Project {
  /** Where its package.json is; the folder itself where there is none. */
  readonly folder: string
  /** `undefined`: no package.json is here or above, or it cannot be read. */
  readonly packageJson: PackageJson | undefined
}

export interface PackageJson {
  readonly dependencies: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
}

export interface InstalledPackage {
  /** Absolute, links followed. */
  readonly folder: string
  readonly version: string
}

/** Packages that bring a MeterProvider, OpenTelemetry's and distributions of it. */
const SDK =
  /^@opentelemetry\/(sdk-node|sdk-metrics|auto-instrumentations-node)$|^(?!@opentelemetry\/|otel-health$).*(opentelemetry|\botel\b)/

/** The nearest package.json above. */
export function findProject(cwd: string): Project {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const text = readText(join(folder, 'package.json'))
    if (text !== undefined) return { folder, packageJson: parsePackageJson(text) }
    if (folder === parse(folder).root) return { folder: cwd, packageJson: undefined }
  }
}

/** The copy that a module in `folder` gets when it imports `name`; `undefined` if it gets none. */
export function installedPackage(name: string, folder: string): InstalledPackage | undefined {
  try {
    const file = module.findPackageJSON(name, pathToFileURL(join(folder, 'package.json')))
    if (file === undefined) return undefined
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }
    return typeof version === 'string' ? { folder: realpathSync(dirname(file)), version } : undefined
  } catch {
    return undefined
  }
}

export function sdkPackages({ packageJson }: Project): readonly string[] {
  return (packageJson?.dependencies ?? []).filter((name) => SDK.test(name))
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parsePackageJson(text: string): PackageJson | undefined {
  try {
    const { dependencies, devDependencies, optionalDependencies, scripts } = JSON.parse(text) as Readonly<Record<string, unknown>>
    return {
      dependencies: [dependencies, devDependencies, optionalDependencies].flatMap((each) => Object.keys(recordOf(each))),
      scripts: Object.fromEntries(Object.entries(recordOf(scripts)).map(([name, script]) => [name, String(script)])),
    }
  } catch {
    return undefined
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
