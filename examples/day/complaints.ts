import { diag, DiagLogLevel } from '@opentelemetry/api'

export interface Complaints {
  readonly complaints: readonly string[]
  readonly complain: (...words: readonly unknown[]) => void
}

/** What is said to the operator of a service: warnings of monitors from now on, and whatever else is complained of. `tell` is told at once. */
export function hearComplaints(tell: (line: string) => void): Complaints {
  const complaints: string[] = []
  const complain = (...words: readonly unknown[]): void => {
    complaints.push(words.map(String).join(' '))
    tell(`complaint  ${complaints.at(-1)}`)
  }
  diag.setLogger(
    { error: complain, warn: complain, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  return { complaints, complain }
}
