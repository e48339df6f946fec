/** Projects with one of the SDKs that are supported, and with this package as npm installs it; and other versions of Node. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const npmCli = process.env['npm_execpath'] ?? ''

export const SDK_PACKAGES = {
  '2.0': {
    '@opentelemetry/api': '~1.9.0',
    '@opentelemetry/sdk-node': '0.200.0',
    '@opentelemetry/exporter-metrics-otlp-http': '0.200.0',
    '@opentelemetry/resources': '2.0.0',
    '@opentelemetry/sdk-metrics': '2.0.0',
  },
  '2.12': {
    '@opentelemetry/api': '~1.9.0',
    '@opentelemetry/sdk-node': '0.223.0',
    '@opentelemetry/exporter-metrics-otlp-http': '0.223.0',
    '@opentelemetry/resources': '2.12.0',
    '@opentelemetry/sdk-metrics': '2.12.0',
  },
  '3.1': {
    '@opentelemetry/api': '~1.10.0',
    '@opentelemetry/sdk-node': '0.301.0',
    '@opentelemetry/exporter-metrics-otlp-http': '0.301.0',
    '@opentelemetry/resources': '3.1.0',
    '@opentelemetry/sdk-metrics': '3.1.0',
  },
} as const
export type SdkVersion = keyof typeof SDK_PACKAGES

export class SdkProjects {
  readonly #folder: string
  readonly #tarball: string
  readonly #nodes = new Map<string, Promise<string>>()

  private constructor(folder: string, tarball: string) {
    this.#folder = folder
    this.#tarball = tarball
  }

  /** Packs this package as it is published. */
  static async pack(): Promise<SdkProjects> {
    const folder = await mkdtemp(join(tmpdir(), 'otel-health-sdks-'))
    const { stdout } = await npm(root, 'pack', '--silent', '--pack-destination', folder)
    return new SdkProjects(folder, join(folder, stdout.trim().split('\n').at(-1)!))
  }

  /** The folder of a project of ES modules that has these and otel-health. */
  async project(dependencies: Readonly<Record<string, string>>): Promise<string> {
    const folder = await this.#empty({ type: 'module', dependencies })
    await npm(folder, 'install', this.#tarball, '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline')
    return folder
  }

  /** Path of a Node of this version, from npm. */
  node(version: string): Promise<string> {
    const node = this.#nodes.get(version) ?? this.#installNode(version)
    this.#nodes.set(version, node)
    return node
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #installNode(version: string): Promise<string> {
    const folder = await this.#empty({ allowScripts: { node: true } })
    await npm(folder, 'install', `node@${version}`, '--no-audit', '--no-fund', '--prefer-offline')
    return join(folder, 'node_modules/.bin/node')
  }

  async #empty(manifest: object): Promise<string> {
    const folder = await mkdtemp(join(this.#folder, 'project-'))
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', private: true, ...manifest }))
    return folder
  }
}

async function npm(cwd: string, ...args: readonly string[]): Promise<{ readonly stdout: string }> {
  return await run(process.execPath, [npmCli, ...args], { cwd })
}
