/** How a command ends. */

export const OK = 0
/** Something is unhealthy, or the command failed. */
export const UNHEALTHY = 1
export const USAGE = 2
export const NO_CONNECTION = 3

/** Ends the command with one sentence on stderr. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}
