/** A process that may be the service begins to report with the first work that is seen in it. */
import type { ServiceRecorder } from './service-recorder.ts'

/** What only the service does; whoever else sends requests and uses Redis too. */
const WORK = ['attempt', 'batch', 'record', 'queues'] as const satisfies readonly (keyof ServiceRecorder)[]

/** A recorder that calls `onWork` before the first work, once. */
export function onFirstWork(recorder: ServiceRecorder, onWork: () => void): ServiceRecorder {
  let hasWorked = false
  const noticing = new Map<PropertyKey, unknown>(
    WORK.map((name) => [
      name,
      (...args: readonly unknown[]): void => {
        if (!hasWorked) {
          hasWorked = true
          onWork()
        }
        Reflect.apply(recorder[name], recorder, args)
      },
    ]),
  )
  return new Proxy(recorder, {
    get: (target, name) => noticing.get(name) ?? (Reflect.get(target, name) as unknown),
  })
}
