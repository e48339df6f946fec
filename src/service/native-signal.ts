/** Whether native code handles a signal as well, which JavaScript cannot see among its listeners. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** Modules such as heapdump take it for a request, not for an end. */
const HANDLED_BY_MODULES: readonly NodeJS.Signals[] = ['SIGUSR2']

/** `stepAside` takes our own listener away until what it returns is called: Node handles the signal for it. Known on Linux only; elsewhere nobody does. */
export function isHandledBelow(signal: NodeJS.Signals, stepAside: () => () => void): boolean {
  if (!HANDLED_BY_MODULES.includes(signal)) return false
  const comeBack = stepAside()
  const caught = caughtSignals()
  comeBack()
  return ((caught >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n
}

/** One bit for each signal. Source: proc_pid_status(5), SigCgt. */
function caughtSignals(): bigint {
  try {
    const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
    return BigInt(`0x${mask}`)
  } catch {
    return 0n
  }
}
