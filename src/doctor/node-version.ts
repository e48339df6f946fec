/** The Node that runs this, which is as a rule the one that runs the service. */
import { hasLoadHookQuirk } from '../instrument/hook/load-hook-quirk.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** The oldest that otel-health runs on; `engines` of package.json. */
const OLDEST = [22, 18] as const

/** `version`: `process.versions.node`. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  if (isOld) return fail('node', `Node ${version} is older than ${OLDEST.join('.')}`, `Use Node ${OLDEST.join('.')} or newer.`)
  if (hasLoadHookQuirk(version)) {
    return warn(
      'node',
      `on Node ${version} a CommonJS module that an ES module imports cannot require ES modules while methods of ES modules are watched`,
      'Use Node 22.22.3, 24.11.1, 25.1 or newer if the service mixes both kinds of modules.',
    )
  }
  return ok('node', `Node ${version}`)
}
