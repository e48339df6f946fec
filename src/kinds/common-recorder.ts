/** What the recorders of all monitors do alike. */
import type { ServiceHealthMonitor } from '../service/monitor.ts'
import type { ServiceRecorder } from '../zero-code/service-recorder.ts'

export function commonRecorder(monitor: ServiceHealthMonitor): Pick<ServiceRecorder, 'httpRequest' | 'dependency' | 'phase' | 'dropped'> {
  return {
    httpRequest: (request) => monitor.recordHttpRequest(request),
    dependency: (evidence) => monitor.observeDependency(evidence),
    phase: (phase) => monitor.setPhase(phase),
    dropped: (what) => monitor.recordDropped(what),
  }
}
