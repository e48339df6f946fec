/** Functions of the service whose calls wait while it is held, such as the one that takes the next piece of work. */
import type { HeldFunction } from '../config/control-config.ts'
import { diag } from '../diag.ts'
import type { Hold } from '../instrument/calls/hold.ts'
import { type AnyFunction, isAsynchronous, standIn, watchFunction } from '../instrument/calls/watch-function.ts'
import { watchMethod } from '../instrument/calls/watch-methods.ts'
import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Cancel, Clock } from '../types.ts'
import { namedModule } from './named-module.ts'

export interface HeldFunctionsOptions {
  readonly hook: ModuleHook
  /** The folder of health.config; the modules it names are relative to it. */
  readonly folder: string
  readonly clock: Clock
  readonly hold: Hold
  readonly inHand: WorkInHand
}

/** To be called after what else watches functions: a call that waits has not begun. */
export function holdFunctions(targets: readonly HeldFunction[], options: HeldFunctionsOptions): readonly Cancel[] {
  const { hook, folder, clock } = options
  return targets.map(({ module, class: owner, method, function: exported }) => {
    const named = exported === undefined ? { class: owner!, method: method! } : { function: exported }
    return watchMethod(
      hook,
      { module: namedModule(module, folder), label: module, folder, named: { in: 'control.holds', to: 'held' }, ...named },
      {
        clock,
        onCall() {},
        wrap: (original, when) => heldFunction(original, `${module} ${exported ?? `${owner}.${method}`}`, when, options),
      },
    )
  })
}

/**
 * What it returns is known to be a promise only of a function that is declared with `async`: of any other nothing is changed, which is said.
 * A call that was not held may bring work as long as it runs.
 */
function heldFunction(
  original: AnyFunction,
  name: string,
  when: (self: unknown) => boolean,
  { hold, inHand, clock }: HeldFunctionsOptions,
): AnyFunction {
  if (!isAsynchronous(original)) {
    diag.warn(`otel-health: ${name} of "control.holds" is no async function: its calls do not wait while the service is paused`)
    return original
  }
  hold.cover(name)
  const counted = watchFunction(original, {
    clock,
    isSafe: true,
    onCall() {},
    running: { name, counts: { add: () => inHand.beginTaking(), end: () => inHand.endTaking() } },
  })
  return standIn(original, {
    apply(_target, self, args: unknown[]) {
      if (!when(self)) return Reflect.apply(original, self, args)
      const call = (): unknown => Reflect.apply(counted, self, args)
      return hold.holdsFunctions ? hold.functionsGoOn().then(call) : call()
    },
  })
}
