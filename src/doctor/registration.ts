/** Whether somebody starts the service with `--import otel-health/register`, as far as that can be seen from here. */
import type { Environment } from '../config/options.ts'
import { ok, warn, type Finding } from './finding.ts'
import type { Project } from './project.ts'

/** In NODE_OPTIONS, on a command line or in a script. */
export const REGISTER = /otel-health\/(?:dist\/)?register\b/

/** The script of package.json that registers, and the file it starts, if it names one. */
export function registeringScript({ packageJson }: Project): { readonly name: string; readonly entry: string | undefined } | undefined {
  const [name, command] = Object.entries(packageJson?.scripts ?? {}).find(([, script]) => REGISTER.test(script)) ?? []
  if (name === undefined || command === undefined) return undefined
  // After the options: `node --import otel-health/register src/service.ts --port 80`.
  const words = command.slice(command.search(REGISTER)).split(/\s+/).slice(1)
  return { name, entry: words.find((word) => /^[^-].*\.[cm]?[jt]s$/.test(word)) }
}

export function checkRegistration(env: Environment, project: Project): Finding {
  if (REGISTER.test(env['NODE_OPTIONS'] ?? '')) return ok('register', 'NODE_OPTIONS has --import otel-health/register')
  const script = registeringScript(project)
  if (script) return ok('register', `--import otel-health/register is in the script "${script.name}" of package.json`)
  return warn(
    'register',
    `--import otel-health/register is neither in NODE_OPTIONS nor in a script of ${project.packageJson ? 'package.json' : 'a package.json, which is not here'}`,
    'Start the service with node --import otel-health/register, unless it makes a monitor in its own code or is started elsewhere.',
  )
}
