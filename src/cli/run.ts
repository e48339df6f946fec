/** `otel-health run`, where the package's own command did not begin with it: as dist/run.cjs it loads nothing else. */
import { run } from '../supervise/run.ts'

/** Ends the process. */
export function runUnderSupervision(args: readonly string[]): Promise<never> {
  run(args)
  return new Promise(() => {})
}
