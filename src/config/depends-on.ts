/** What a service says it depends on: other services, by their names in Redis, and checks of its own. */
import { maskedText } from '../credentials.ts'
import { fail } from './checking.ts'
import { toServiceName } from './service-name.ts'

const MOST = 20

/** Throws one sentence if it is not a list of different names. */
export function checkDependsOn(value: unknown, path: string): void {
  if (!Array.isArray(value)) return fail(path, value, "a list of names of services and of its own checks, such as ['payments', 'redis']")
  if (value.length > MOST) {
    throw new Error(`${path} has ${value.length} names, expected at most ${MOST}: leave out what others that it names depend on anyway.`)
  }
  for (const [index, name] of (value as unknown[]).entries()) {
    const inRedis = typeof name === 'string' ? toServiceName(maskedText(name)) : undefined
    if (inRedis === undefined || inRedis !== name) fail(`${path}[${index}]`, name, expectedInsteadOf(inRedis))
    if (value.indexOf(name) < index) throw new Error(`${path}[${index}] is "${name}" once more, expected each name once: leave it out.`)
  }
}

function expectedInsteadOf(inRedis: string | undefined): string {
  const expected = 'the name of a service or check: at most 64 of a-z, 0-9, ".", "_" and "-"'
  return inRedis === undefined ? expected : `${expected}, so write "${inRedis}"`
}

export interface DependsOnSources {
  readonly code: readonly string[] | undefined
  /** From a checked health.config. */
  readonly config: readonly string[] | undefined
  readonly serviceName: string
}

/** The list given in code replaces that of health.config. Throws one sentence if it cannot be used, or names the service itself. */
export function resolveDependsOn({ code, config = [], serviceName }: DependsOnSources): readonly string[] {
  if (code !== undefined) checkDependsOn(code, 'The option dependsOn')
  const names = [...(code ?? config)]
  if (names.includes(serviceName)) {
    const where = code === undefined ? 'dependsOn in health.config' : 'The option dependsOn'
    throw new Error(`${where} names "${serviceName}", which is the service itself, expected others: leave it out.`)
  }
  return names
}
