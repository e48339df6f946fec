/**
 * node-cron. A run of a task is an attempt; there is no queue. Version 3 keeps the service's function in a Task, version 4 in the runner of
 * an InlineScheduledTask; both are wrapped before the first run.
 */
import { holdAround } from '../calls/held-function.ts'
import { cancelAll, noticeCalls } from '../calls/replace-method.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import type { LibraryListener, QueueLibrary } from './queue-library.ts'
import { prototypeWith } from './prototype-with.ts'
import { aroundWork } from './work-call.ts'

const NAME = 'node-cron'
const TASK_MODULE = /\/node-cron\/src\/task\.js$/
/** Of one for `import` and one for `require`; up to 4.4 in a file of its own. */
const INLINE_TASK_MODULE = /\/node-cron\/dist\/(?:[^/]+\/)*(?:inline-scheduled-task|_shared)\.[cm]?js$/

export const nodeCron: QueueLibrary = {
  name: NAME,
  sandbox: /[/\\]node-cron[/\\](?:src|dist)[/\\](?:[^/\\]+[/\\])*daemon\.c?js$/,
  watch: (hook, listener) => cancelAll([watchTasks(hook, listener), watchInlineTasks(hook, listener)]),
}

/** Version 3. A task has no name, and what it returns is awaited only if it is a promise. */
function watchTasks(hook: ModuleHook, listener: LibraryListener) {
  const { clock, onAttempt } = listener
  const hold = holdAround(
    '_execution',
    aroundWork({
      clock,
      awaits: (result) => result instanceof Promise,
      counts: { listener, piece: () => ({ queue: NAME }) },
      tell: (_task, _args, durationMs, outcome) => onAttempt(() => ({ queue: NAME, durationMs, ...outcome() })),
    }),
  )
  return hook.add({
    label: NAME,
    matches: (url) => TASK_MODULE.test(url),
    names: ['Task'],
    isCommonJs: true,
    onLoad({ Task }, url) {
      const prototype = prototypeWith(NAME, { name: 'Task', constructor: Task?.get() }, ['execute'], url)
      return prototype && noticeCalls(prototype, 'execute', hold)
    },
  })
}

/** Version 4. A task that was given no name has a random one. */
function watchInlineTasks(hook: ModuleHook, listener: LibraryListener) {
  const { clock, onAttempt } = listener
  const names = new WeakMap<object, string>()
  const hold = holdAround(
    'onMatch',
    aroundWork({
      clock,
      counts: { listener, piece: (runner) => ({ queue: names.get(runner as object) ?? NAME }) },
      tell: (runner, _args, durationMs, outcome) =>
        onAttempt(() => ({ queue: names.get(runner as object) ?? NAME, durationMs, ...outcome() })),
    }),
  )
  const holdRunner = (task: unknown): void => {
    const { runner, name, id } = task as { runner?: unknown; name?: unknown; id?: unknown }
    if (typeof runner !== 'object' || runner === null) return
    if (typeof name === 'string' && name !== id) names.set(runner, name)
    hold(runner)
  }
  return hook.add({
    label: NAME,
    matches: (url) => INLINE_TASK_MODULE.test(url),
    names: ['InlineScheduledTask'],
    yieldsToQuirk: true,
    onLoad({ InlineScheduledTask }, url) {
      const prototype = prototypeWith(
        NAME,
        { name: 'InlineScheduledTask', constructor: InlineScheduledTask?.get() },
        ['start', 'execute'],
        url,
      )
      return prototype && cancelAll(['start', 'execute'].map((method) => noticeCalls(prototype, method, holdRunner)))
    },
  })
}
