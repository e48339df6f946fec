import { diag, DiagLogLevel } from '@opentelemetry/api'

/** What is said to the operator, from now on. */
export function diagLines(): string[] {
  const lines: string[] = []
  const line = (message: string) => void lines.push(message)
  const nothing = () => {}
  diag.setLogger(
    { error: line, warn: line, info: line, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true },
  )
  return lines
}
