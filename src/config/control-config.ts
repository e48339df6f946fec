/** What health.config says of control: what people may ask of the service, and how it is paused. */
import type { ControlAction } from '../wire/control-request.ts'
import { checkKeys, checkText, fail, isRecord } from './checking.ts'

/** Everything that may be asked. Written here, for configuration is pure and reads no wire. */
const CONTROLLED = ['pause', 'resume', 'drain', 'stop', 'start', 'restart'] as const satisfies readonly ControlAction[]

/** A function of the service whose calls wait while it is paused. One of `class` with `method`, or `function`. */
export interface HeldFunction {
  /** A file, relative to health.config (`./fetcher.ts`), or a package. */
  readonly module: string
  readonly class?: string
  readonly method?: string
  readonly function?: string
}

export interface ControlConfig {
  /** What people may ask of the service. Default: nothing. To allow `pause` is to allow `resume`, and `stop`, `start`. */
  readonly allow?: readonly ControlAction[]
  /**
   * Async functions of the service whose calls wait while it is paused, such as the one that takes the next piece of work. Workers of BullMQ,
   * Bull, Bee-Queue and pg-boss need none: they take nothing while the service is paused.
   */
  readonly holds?: readonly HeldFunction[]
  /** Called when the service is paused, and waited for, 30 s at most; what it throws is why the pause fails. */
  readonly onPause?: () => unknown
  /** The same when it goes on. */
  readonly onResume?: () => unknown
}

const KEYS = ['allow', 'holds', 'onPause', 'onResume'] as const
const HELD_KEYS = ['module', 'class', 'method', 'function'] as const

export function checkControl(control: unknown, path: string): void {
  if (control === undefined) return
  if (!isRecord(control)) return fail(path, control, "an object such as { allow: ['pause', 'resume'] }")
  checkKeys(control, KEYS, `${path} `)
  checkAllow(control['allow'], `${path}.allow`)
  checkHolds(control['holds'], `${path}.holds`)
  for (const hook of ['onPause', 'onResume']) {
    if (control[hook] !== undefined && typeof control[hook] !== 'function') fail(`${path}.${hook}`, control[hook], 'a function')
  }
}

function checkAllow(allow: unknown, path: string): void {
  if (allow === undefined) return
  const words = CONTROLLED.map((each) => `'${each}'`).join(', ')
  if (!Array.isArray(allow)) return fail(path, allow, `a list of ${words}`)
  for (const [index, action] of allow.entries()) {
    if (!CONTROLLED.includes(action as ControlAction)) fail(`${path}[${index}]`, action, `one of ${words}`)
  }
}

function checkHolds(holds: unknown, path: string): void {
  if (holds === undefined) return
  if (!Array.isArray(holds)) return fail(path, holds, 'a list of functions')
  for (const [index, held] of holds.entries()) {
    const here = `${path}[${index}]`
    if (!isRecord(held)) return fail(here, held, 'an object with module, and class and method, or function')
    checkKeys(held, HELD_KEYS, `${here} `)
    checkText(held['module'], `${here}.module`)
    for (const key of HELD_KEYS) if (held[key] !== undefined) checkText(held[key], `${here}.${key}`)
    const isMethod = held['class'] !== undefined && held['method'] !== undefined && held['function'] === undefined
    const isFunction = held['function'] !== undefined && held['class'] === undefined && held['method'] === undefined
    if (!isMethod && !isFunction) fail(here, held, 'either class and method, or function')
  }
}

/** What is allowed in the end, in the order in which it is listed: who may pause may end it, and who may stop may start. */
export function allowedBy(control: ControlConfig | undefined): readonly ControlAction[] {
  const given = new Set(control?.allow ?? [])
  if (given.has('pause')) given.add('resume')
  if (given.has('drain') || given.has('stop')) given.add('start')
  if (given.has('drain')) given.add('resume')
  return CONTROLLED.filter((action) => given.has(action))
}
