/** The packages that a service in this folder gets: which otel-health, and whether everybody has the same copy of the API. */
import { VERSION } from '../version.ts'
import { fail, ok, skip, warn, type Finding } from './finding.ts'
import { installedPackage, sdkPackages, type Project } from './project.ts'

/** The copy of otel-health that the service gets. */
export function checkPackage(project: Project): Finding {
  const installed = installedPackage('otel-health', project.folder)
  if (!installed) {
    return warn(
      'otel-health',
      `otel-health ${VERSION} runs from elsewhere: in this folder it is not installed`,
      'Run npm install otel-health @opentelemetry/api in the folder of the service.',
    )
  }
  if (installed.version === VERSION) return ok('otel-health', `otel-health ${VERSION}`)
  return warn(
    'otel-health',
    `this is otel-health ${VERSION}, but the service gets ${installed.version}`,
    'Run npx otel-health doctor in the folder of the service.',
  )
}

/** Instruments of another copy of the API than the service's are met only where both are of major version 1. */
export function checkApi(project: Project): Finding {
  const api = installedPackage('@opentelemetry/api', project.folder)
  if (!api && !installedPackage('otel-health', project.folder)) return skip('api', 'otel-health is not installed here either')
  if (!api) {
    return fail('api', '@opentelemetry/api is not installed here', 'Run npm install @opentelemetry/api in the folder of the service.')
  }
  const [major = 0, minor = 0] = api.version.split('.').map(Number)
  if (major !== 1 || minor < 9) {
    return fail(
      'api',
      `@opentelemetry/api ${api.version} is here, otel-health works with 1.9 and newer of version 1`,
      'Run npm install @opentelemetry/api@1 in the folder of the service.',
    )
  }
  const users = ['otel-health', ...sdkPackages(project)]
  const others = users.flatMap((user) => {
    const installed = installedPackage(user, project.folder)
    const theirs = installed && installedPackage('@opentelemetry/api', installed.folder)
    return theirs && theirs.folder !== api.folder ? [`${user} gets ${theirs.version}`] : []
  })
  if (others.length === 0) return ok('api', `@opentelemetry/api ${api.version}, one copy`)
  return warn(
    'api',
    `there is more than one copy of @opentelemetry/api: the service gets ${api.version}, ${others.join(', ')}`,
    'Run npm dedupe, and npm ls @opentelemetry/api to see who wants which: an SDK that is started last may be refused by the other copy.',
  )
}
