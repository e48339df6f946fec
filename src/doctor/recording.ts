/**
 * How figures would be recorded and leave here. The service cannot be loaded to see for sure; its packages and the environment say what
 * is to be expected.
 */
import { ok, warn, type Finding } from './finding.ts'
import { installedPackage, sdkPackages, type Project } from './project.ts'

/** `off`: what switches the export off. */
export function checkRecording(off: string | undefined, project: Project): Finding {
  if (off) {
    return warn(
      'recording',
      `${off}: health is judged and published on Redis, but no metric is exported`,
      `Unset ${off.split('=')[0]} if figures are to reach a collector.`,
    )
  }
  const sdks = sdkPackages(project).map((name) => named(name, project.folder))
  if (sdks.length === 0)
    return ok(
      'recording',
      'package.json names no OpenTelemetry SDK, so figures leave by a provider of otel-health’s own, and what the service records with the API with them',
    )
  return ok(
    'recording',
    `figures leave through the SDK of the service (${sdks.join(', ')}) if that is started before the first export, else by a provider of otel-health’s own; of what the service records, rules see what metrics.getMeter() of the API made, and all of it with healthReader() in metricReaders`,
  )
}

function named(name: string, folder: string): string {
  const version = installedPackage(name, folder)?.version
  return version === undefined ? name : `${name} ${version}`
}
