/** What the recorders of all monitors do alike. */
import type { ServiceHealthMonitor } from '../service/monitor.ts'
import type { ServiceRecorder } from '../zero-code/service-recorder.ts'

type Common = Pick<ServiceRecorder, 'record' | 'httpRequest' | 'dependency' | 'phase' | 'work' | 'dropped'>

export function commonRecorder(monitor: ServiceHealthMonitor): Common {
  return {
    // What the call gave says more than that it was made.
    record: (name, facts, result) => monitor.record(name, typeof result === 'object' ? { ...facts, ...result } : { ...facts }),
    httpRequest: (request) => monitor.recordHttpRequest(request),
    dependency: (evidence) => monitor.observeDependency(evidence),
    phase: (phase, begunAgoMs) => monitor.setPhase(phase, begunAgoMs),
    work: (seen) => monitor.work.observe(seen),
    dropped: (what) => monitor.recordDropped(what),
  }
}
