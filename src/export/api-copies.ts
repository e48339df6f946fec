/**
 * Every copy of the OpenTelemetry API in this process, asked through us for its meters. Nothing is made global, for the place of the
 * global MeterProvider is the service's; what each copy's `metrics` answers is changed in the class of it, and changed back.
 */
import type { Meter, MeterOptions, MeterProvider, MetricsAPI } from '@opentelemetry/api'
import { metrics } from '@opentelemetry/api'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import type { ModuleHook } from '../instrument/hook/module-hook.ts'
import { packageEntries } from '../instrument/hook/package-entries.ts'
import type { Cancel } from '../types.ts'

/** What a copy's answers are to be; `theirs` gives what they would have been. None may throw. */
export interface ApiAnswers {
  provider(theirs: () => MeterProvider): MeterProvider
  meter(name: string, version: string | undefined, options: MeterOptions | undefined, theirs: () => Meter): Meter
  /** A copy was asked to make a provider global, and has. */
  becameGlobal(): void
}

const API = '@opentelemetry/api'
const ANSWERING = ['getMeterProvider', 'getMeter', 'setGlobalMeterProvider'] as const

/**
 * Of our own copy, of those of CommonJS that are loaded, and of those that `hook` will see. Another copy that is an ES module and was
 * loaded before is not seen; what is recorded through that is as without us.
 */
export function answerForApi(answers: ApiAnswers, hook: Pick<ModuleHook, 'add'> | undefined): Cancel {
  const undos = new Map<object, Cancel>()
  const change = (api: unknown): void => {
    const prototype = prototypeOf(api)
    if (prototype && !undos.has(prototype)) undos.set(prototype, changeAnswers(prototype, answers))
  }
  const isApi = packageEntries(API, process.cwd())
  change(metrics)
  for (const api of loadedCopies(isApi)) change(api)
  const removeTarget = hook?.add({
    label: API,
    matches: isApi,
    names: ['metrics'],
    onLoad: (bindings) => change(bindings['metrics']?.get()),
  })
  return () => {
    removeTarget?.()
    for (const undo of undos.values()) undo()
    undos.clear()
  }
}

/** All of CommonJS is in one cache, whoever required or imported it. */
function loadedCopies(isApi: (url: string) => boolean): unknown[] {
  const { cache } = createRequire(import.meta.url)
  return Object.entries(cache ?? {}).flatMap(([file, module]) => {
    if (!file.includes('opentelemetry') || !isApi(pathToFileURL(file).href)) return []
    return [(module?.exports as { metrics?: unknown } | undefined)?.metrics]
  })
}

/** `undefined` for what is no MetricsAPI, or not one as we know it. */
function prototypeOf(api: unknown): MetricsAPI | undefined {
  if (typeof api !== 'object' || api === null) return undefined
  const prototype = Object.getPrototypeOf(api) as MetricsAPI | null
  return prototype && ANSWERING.every((name) => typeof prototype[name] === 'function') ? prototype : undefined
}

function changeAnswers(prototype: MetricsAPI, answers: ApiAnswers): Cancel {
  const undos = [
    replace(
      prototype,
      'getMeterProvider',
      (original) =>
        function (this: MetricsAPI) {
          return answers.provider(() => original.call(this))
        },
    ),
    replace(
      prototype,
      'getMeter',
      (original) =>
        function (this: MetricsAPI, name: string, version?: string, options?: MeterOptions) {
          return answers.meter(name, version, options, () => original.call(this, name, version, options))
        },
    ),
    replace(
      prototype,
      'setGlobalMeterProvider',
      (original) =>
        function (this: MetricsAPI, provider: MeterProvider) {
          const set = original.call(this, provider)
          if (set) answers.becameGlobal()
          return set
        },
    ),
  ]
  return () => {
    for (const undo of undos) undo()
  }
}

type Method<K extends (typeof ANSWERING)[number]> = (this: MetricsAPI, ...args: Parameters<MetricsAPI[K]>) => ReturnType<MetricsAPI[K]>

/** If somebody has replaced it again since, what is undone is that it is answered by us. */
function replace<K extends (typeof ANSWERING)[number]>(prototype: MetricsAPI, name: K, answer: (original: Method<K>) => Method<K>): Cancel {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
  if (typeof descriptor?.value !== 'function') return () => {}
  const original = descriptor.value as Method<K>
  let answering = answer(original)
  const value = function (this: MetricsAPI, ...args: Parameters<MetricsAPI[K]>): ReturnType<MetricsAPI[K]> {
    return answering.apply(this, args)
  }
  Object.defineProperty(prototype, name, { ...descriptor, value })
  return () => {
    answering = original
    if (Object.getOwnPropertyDescriptor(prototype, name)?.value === value) Object.defineProperty(prototype, name, descriptor)
  }
}
