/** What environment and health.config come to, by the rules that the service itself follows when it starts. */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { maskedText } from '../credentials.ts'
import {
  NAME_IT,
  parseResourceAttributes,
  resolveOptions,
  UNKNOWN_SERVICE,
  type Environment,
  type HealthOptions,
} from '../config/options.ts'
import { loadHealthConfig, packageName, type LoadedConfig } from '../config/health-config-file.ts'
import { kindNamed } from '../kinds/define-kind.ts'
import { KINDS } from '../kinds/index.ts'
import { profileOfService } from '../config/profile.ts'
import { fail, ok, warn, type Finding } from './finding.ts'
import type { Project } from './project.ts'
import { registeringScript } from './registration.ts'

export interface Configuration {
  readonly finding: Finding
  /** `undefined`: the service would not start. */
  readonly options: HealthOptions | undefined
  readonly loaded: LoadedConfig | undefined
  /** The label `job` of the service's series in Prometheus, while no other SDK exports them. */
  readonly job: string | undefined
}

/** Runs health.config, as the start of the service does. */
export function readConfiguration(env: Environment, cwd: string, project: Project): Configuration {
  const script = registeringScript(project)?.entry
  try {
    const loaded = loadHealthConfig(script, cwd, KINDS)
    const name = packageName(script, cwd)
    const options = resolveOptions({ env, ...(loaded && { config: loaded.config }), ...(name !== undefined && { packageName: name }) })
    // A rule that cannot be judged stops the start, as a setting does.
    profileOfService(kindNamed(loaded?.config.profile), options)
    const job = jobOf(options, env)
    const where = loaded ? basename(loaded.file) : 'no health.config is here, so environment and defaults count'
    const inPrometheus = job === options.serviceName ? 'in Redis and as job in Prometheus' : `in Redis, ${job} as job in Prometheus`
    const said = `the service is ${options.serviceName} ${inPrometheus}; ${where}`
    const stray = loaded ? undefined : strayConfig(cwd)
    const finding = stray
      ? warn('configuration', `${stray} is of no form that is read, so environment and defaults count`, FORMS)
      : options.serviceName === UNKNOWN_SERVICE
        ? warn('configuration', `nothing names the service, so it is one with all others without a name: ${said}`, NAME_IT)
        : ok('configuration', said)
    return { finding, options, loaded, job }
  } catch (error) {
    const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.replace(/\.$/, '')
    return { finding: fail('configuration', said, mendFor(said, env)), options: undefined, loaded: undefined, job: undefined }
  }
}

const FORMS = 'Write it as health.config.ts, .mts, .cts, .js, .mjs, .cjs or .json.'

/** What somebody took for a health.config. */
function strayConfig(cwd: string): string | undefined {
  try {
    return readdirSync(cwd).find((name) =>
      /^\.?health[.-]?config\.(?:ya?ml|json5|jsonc|toml|[jt]sx)$|^(?:\.health|healthconfig|health-config)\.[cm]?[jt]s$/i.test(name),
    )
  } catch {
    return undefined
  }
}

/** As Prometheus makes it of the resource, in whose service.name capitals and blanks are kept. */
function jobOf({ serviceName, originalServiceName }: HealthOptions, env: Environment): string {
  const namespace = parseResourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])['service.namespace']
  const name = maskedText(env['OTEL_SERVICE_NAME'] || (originalServiceName ?? serviceName))
  return namespace ? `${namespace}/${name}` : name
}

function mendFor(said: string, env: Environment): string {
  if (said.startsWith('HEALTH_REDIS_PORT') && /^(tcp|udp):/.test(env['HEALTH_REDIS_PORT'] ?? '')) {
    const instead = env['HEALTH_REDIS_URL'] ? '' : 'set HEALTH_REDIS_PORT yourself, or '
    return `Kubernetes sets it for a Service called health-redis: ${instead}turn enableServiceLinks off in the pod.`
  }
  if (/ are both given/.test(said)) return 'Unset one of the two: until then the service does not start.'
  if (said.startsWith('HEALTH_REDIS_HOST'))
    return 'Put host, port, user and password into HEALTH_REDIS_HOST, _PORT, _USERNAME and _PASSWORD, or the URL into HEALTH_REDIS_URL.'
  return 'Mend what the sentence names: until then the service does not start.'
}
