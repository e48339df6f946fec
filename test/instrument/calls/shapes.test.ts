/* oxlint-disable -- code that nobody should write is what is tested here */
/**
 * Functions of every shape, each used once as it is and once watched: whatever the user of the function can see is compared,
 * the order of microtasks among it. Only the recorded calls differ.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect, promisify, types } from 'node:util'
import { runInNewContext } from 'node:vm'

import { expect, test } from 'vitest'

import type { AnyFunction, Call, WatchFunctionOptions } from '../../../src/instrument/calls/watch-function.ts'
import { watchFunction } from '../../../src/instrument/calls/watch-function.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

type Wrap = <F>(fn: F, options?: Partial<WatchFunctionOptions>) => F

interface Row {
  readonly why: string
  /** Uses a function through `wrap`; what it resolves to is what can be seen. */
  readonly run: (wrap: Wrap) => unknown
  /** `{ value }` or `{ error }` of each call; a number if only how many there are is of interest. */
  readonly calls: readonly ({ readonly value: unknown } | { readonly error: unknown })[] | number
}

type Any = any

const ok = (...values: unknown[]): { value: unknown }[] => values.map((value) => ({ value }))
const bad = (...errors: unknown[]): { error: unknown }[] => errors.map((error) => ({ error }))
const BOOM = new Error('boom')

/** What microtasks ran in which order while `start` ran, with twelve of a chain of their own between them. */
async function order(start: (log: (what: string) => void) => unknown): Promise<readonly string[]> {
  const seen: string[] = []
  void start((what) => void seen.push(what))
  let chain = Promise.resolve()
  for (let i = 0; i < 12; i++) chain = chain.then(() => void seen.push(String(i)))
  await turn()
  return seen
}

/** All that can be seen of a function without calling it, but that `inspect` writes `Proxy(…)` around it. */
function facts(fn: Any): unknown {
  const show = (what: unknown): string => inspect(what, { showHidden: true, depth: 5 }).replaceAll(/Proxy\(([^]*)\)/g, '$1')
  return {
    type: typeof fn,
    tag: Object.prototype.toString.call(fn),
    text: [String(fn), `${fn}`, fn.toString()],
    json: JSON.stringify({ fn }),
    inspected: show(fn),
    keys: Reflect.ownKeys(fn as object),
    descriptors: show(Object.getOwnPropertyDescriptors(fn)),
    constructor: [fn.constructor.name, Object.getPrototypeOf(fn) === fn.constructor.prototype],
    flags: [Object.isFrozen(fn), Object.isSealed(fn), Object.isExtensible(fn), fn instanceof Function],
    inherited: Reflect.ownKeys((fn.prototype ?? {}) as object),
  }
}

/** All that can be seen of a promise without asking it. */
function promiseFacts(promise: Any): unknown {
  return {
    keys: Reflect.ownKeys(promise as object).filter((key) => typeof key !== 'symbol'),
    prototype: Object.getPrototypeOf(promise) as unknown,
    isPromise: types.isPromise(promise),
    inspected: inspect(promise).replaceAll(/(_id_symbol\)\]: )\d+/g, '$1'),
    constructor: promise.constructor as unknown,
  }
}

class Counting extends Promise<unknown> {
  static made = 0
  constructor(executor: ConstructorParameters<typeof Promise<unknown>>[0]) {
    super(executor)
    Counting.made++
  }
}

class Lazy {
  static runs = 0
  then(resolve: (value: number) => void): void {
    resolve(++Lazy.runs)
  }
}

const ROWS: readonly Row[] = [
  // ---- what a function returns ----
  { why: 'a value', run: (wrap) => wrap((a: number, b: number) => a + b)(1, 2), calls: ok(3) },
  { why: 'nothing', run: (wrap) => wrap(() => {})(), calls: ok(undefined) },
  {
    why: 'the object itself',
    run: (wrap) => {
      const o = { a: 1 }
      return wrap(() => o)() === o
    },
    calls: 1,
  },
  {
    why: 'a throw',
    run: (wrap) => {
      try {
        return wrap(() => {
          throw BOOM
        })()
      } catch (error) {
        return error === BOOM
      }
    },
    calls: bad(BOOM),
  },
  {
    why: 'a throw of undefined',
    run: (wrap) => {
      try {
        return wrap(() => {
          throw undefined
        })()
      } catch (error) {
        return [error]
      }
    },
    calls: bad(undefined),
  },
  { why: 'an async function', run: (wrap) => wrap(async (a: number) => a)(1), calls: ok(1) },
  {
    why: 'an async function that waits',
    run: (wrap) =>
      wrap(async (a: number) => {
        await turn()
        return a
      })(1),
    calls: ok(1),
  },
  {
    why: 'an async function that rejects',
    run: (wrap) =>
      wrap(async () => {
        await turn()
        throw BOOM
      })().catch((error: unknown) => error === BOOM),
    calls: bad(BOOM),
  },
  {
    why: 'an async function that rejects at once with undefined',
    run: (wrap) =>
      wrap(async () => {
        throw undefined
      })().catch((error: unknown) => [error]),
    calls: bad(undefined),
  },
  {
    why: 'a rejection that is handled late',
    run: async (wrap) => {
      const p = wrap(() => {
        const q = Promise.reject(BOOM)
        q.catch(() => {})
        return q
      })()
      await turn()
      return p.catch((error) => error === BOOM)
    },
    calls: bad(BOOM),
  },
  {
    why: 'a promise nobody asks',
    run: async (wrap) => {
      void wrap(async () => {
        await turn()
        return 1
      })()
      await turn()
      await turn()
    },
    calls: ok(1),
  },
  {
    why: 'a promise nobody asks, resolved at once',
    run: (wrap) => {
      void wrap(async () => 1)()
    },
    calls: ok(1),
  },
  { why: 'a promise that never settles', run: (wrap) => promiseFacts(wrap(() => new Promise(() => {}))()), calls: [] },
  {
    why: 'what can be seen of a promise',
    run: async (wrap) => {
      const p = wrap(async () => {
        await turn()
      })()
      const before = promiseFacts(p)
      await p
      return [before, promiseFacts(p)]
    },
    calls: 1,
  },
  {
    why: 'a cached promise',
    run: async (wrap) => {
      const p = Promise.resolve(1)
      const fn = wrap(() => p)
      return [fn() === p, fn() === fn(), await fn(), await fn()]
    },
    calls: ok(1, 1, 1, 1, 1),
  },
  {
    why: 'a cached promise that is pending',
    run: async (wrap) => {
      const p = turn(4)
      const fn = wrap(() => p)
      return [fn() === p, await Promise.all([fn(), fn()]), await fn()]
    },
    calls: ok(4, 4, 4, 4),
  },
  {
    why: 'a promise with properties',
    run: async (wrap) => {
      const p = Object.assign(turn(1), { cancel: () => 'cancelled' })
      const q = wrap(() => p)()
      return [q === p, q.cancel(), await q, promiseFacts(q)]
    },
    calls: ok(1),
  },
  {
    why: 'a frozen promise',
    run: async (wrap) => {
      const p = Object.freeze(turn(1))
      const q = wrap(() => p)()
      return [q === p, await q, Object.isFrozen(q)]
    },
    calls: ok(1),
  },
  {
    why: 'a promise of a subclass',
    run: async (wrap) => {
      const before = Counting.made
      const p = wrap(() => new Counting((resolve) => resolve(1)))()
      return [
        p instanceof Counting,
        await p.then((x) => x),
        Reflect.ownKeys(p).filter((key) => typeof key !== 'symbol'),
        Counting.made - before,
      ]
    },
    calls: ok(1),
  },
  {
    why: 'a promise of a subclass that rejects',
    run: async (wrap) => {
      const before = Counting.made
      const p = wrap(() => new Counting((_, reject) => reject(BOOM)))()
      return [await p.catch((error: unknown) => error === BOOM), Counting.made - before]
    },
    calls: 1,
  },
  {
    why: 'a promise whose constructor is asked',
    run: async (wrap) => {
      const asked: string[] = []
      const p = turn(1)
      Object.defineProperty(p, 'constructor', { configurable: true, get: () => (asked.push('asked'), Promise) })
      await wrap(() => p)().then((x) => x)
      return [asked, Object.getOwnPropertyNames(p)]
    },
    calls: ok(1),
  },
  {
    why: 'a promise of another realm',
    run: async (wrap) => {
      const p = wrap(runInNewContext('async () => 1') as () => Promise<number>)()
      return [p instanceof Promise, types.isPromise(p), await p]
    },
    calls: ok(1),
  },
  { why: 'a promise resolved with another', run: (wrap) => wrap(async () => turn(1))(), calls: ok(1) },
  {
    why: 'a thenable that runs when it is asked',
    run: async (wrap) => {
      Lazy.runs = 0
      const l = wrap(() => new Lazy())()
      const before = Lazy.runs
      return [before, await l, await l, Lazy.runs, Reflect.ownKeys(l)]
    },
    calls: 1,
  },
  {
    why: 'an eager thenable',
    run: (wrap) => {
      const t = { then: (f: (x: number) => void) => f(2) }
      return wrap(() => t)() === t
    },
    calls: 1,
  },
  {
    why: 'a getter that must not be run',
    run: (wrap) => {
      let runs = 0
      const o = {
        get then() {
          runs++
          return undefined
        },
      }
      wrap(() => o)()
      return runs
    },
    calls: 1,
  },
  {
    why: 'a proxy',
    run: (wrap) => {
      const asked: string[] = []
      const p: object = new Proxy({}, new Proxy({}, { get: (_, trap) => void asked.push(String(trap)) }))
      wrap(() => p)()
      return asked
    },
    calls: 1,
  },
  {
    why: 'an iterator',
    run: (wrap) => {
      const i = [1, 2][Symbol.iterator]()
      const j = wrap(() => i)()
      return [i === j, [...j]]
    },
    calls: 1,
  },
  {
    why: 'an AbortSignal',
    run: (wrap) => {
      const c = new AbortController()
      const s = wrap(() => c.signal)()
      c.abort()
      return [s === c.signal, s.aborted]
    },
    calls: 1,
  },
  {
    why: 'a call that is aborted',
    run: (wrap) => wrap((signal: AbortSignal) => turn(1, { signal }))(AbortSignal.abort()).catch((error: Error) => error.name),
    calls: 1,
  },
  {
    why: 'a stream',
    run: async (wrap) => {
      const s = wrap(() => Readable.from(['a', 'b']))()
      const all: string[] = []
      for await (const x of s) all.push(x as string)
      return [all, s.destroyed, s.listenerCount('error')]
    },
    calls: 1,
  },
  {
    why: 'a web stream',
    run: async (wrap) => {
      const s = wrap(() => new Blob(['ab']).stream())()
      return [s.locked, await new Response(s).text()]
    },
    calls: 1,
  },
  {
    why: 'an emitter',
    run: async (wrap) => {
      const e = wrap(() => new EventEmitter())()
      setImmediate(() => e.emit('a', 1))
      return [await once(e, 'a'), e.eventNames()]
    },
    calls: 1,
  },
  { why: 'a function', run: (wrap) => wrap(() => wrap)() === wrap, calls: 1 },
  // ---- microtasks and contexts ----
  {
    why: 'when an async function settles',
    run: (wrap) =>
      order(async (log) => {
        log(await wrap(async () => 'x')())
      }),
    calls: 1,
  },
  {
    why: 'when an async function that waits settles',
    run: (wrap) =>
      order(async (log) => {
        log(
          await wrap(async () => {
            await null
            await null
            return 'x'
          })(),
        )
      }),
    calls: 1,
  },
  {
    why: 'when then, catch and finally run',
    run: (wrap) =>
      order((log) => {
        wrap(async () => {
          await null
          throw BOOM
        })()
          .then(() => {})
          .catch(() => log('caught'))
          .finally(() => log('finally'))
      }),
    calls: 1,
  },
  {
    why: 'when a promise that is returned settles',
    run: (wrap) =>
      order(async (log) => {
        const fn = wrap(async () => {
          await null
          return 'x'
        })
        log(await (async () => fn())())
      }),
    calls: 1,
  },
  {
    why: 'when a race ends',
    run: (wrap) =>
      order(async (log) => {
        const fn = wrap(async (x: string) => {
          await null
          return x
        })
        log(await Promise.race([fn('a'), fn('b')]))
        log((await Promise.all([fn('c'), fn('d')])).join(''))
      }),
    calls: 4,
  },
  {
    why: 'when an async generator goes on',
    run: (wrap) =>
      order(async (log) => {
        for await (const x of wrap(async function* () {
          yield 'x'
          await null
          yield 'y'
        })())
          log(x)
      }),
    calls: 1,
  },
  {
    why: 'AsyncLocalStorage',
    run: (wrap) => {
      const als = new AsyncLocalStorage<number>()
      const fn = wrap(async () => {
        await turn()
        return als.getStore()
      })
      return Promise.all([als.run(1, () => fn()), als.run(2, () => fn()), fn().then((x) => [x, als.getStore()])])
    },
    calls: 3,
  },
  {
    why: 'an error that shows its callers',
    run: async (wrap) => {
      const fn = wrap(async () => {
        await turn()
        throw new Error('no')
      })
      async function theCaller(): Promise<void> {
        await fn()
      }
      return theCaller().catch((error: Error) => [/at async theCaller/.test(error.stack!), error.message])
    },
    calls: 1,
  },
  {
    why: 'a call inside of itself',
    run: (wrap) => {
      const fn: (n: number) => Promise<number> = wrap(async (n: number) => (n === 0 ? 0 : 1 + (await fn(n - 1))))
      return fn(3)
    },
    calls: ok(0, 1, 2, 3),
  },
  {
    why: 'many at a time',
    run: (wrap) => {
      const fn = wrap(async (n: number) => {
        await turn()
        if (n % 2) throw n
        return n
      })
      return Promise.allSettled(Array.from({ length: 20 }, (_, n) => fn(n)))
    },
    calls: 20,
  },
  // ---- how a function is called ----
  {
    why: 'this and arguments',
    run: (wrap) => {
      const o = {
        fn: wrap(function (this: unknown, ..._: unknown[]) {
          return [this === o, arguments.length, ...arguments]
        }),
      }
      return [o.fn(), o.fn(1, undefined), Reflect.apply(o.fn, o, [3])]
    },
    calls: 3,
  },
  {
    why: 'without this',
    run: (wrap) => [
      wrap(function (this: unknown) {
        return this
      })(),
      wrap(new Function('return this === globalThis') as () => boolean)(),
    ],
    calls: 2,
  },
  {
    why: 'call, apply and bind',
    run: (wrap) => {
      const fn = wrap(function sum(this: number, a: number) {
        return Number(this) + a
      })
      const b = fn.bind(1, 2) as () => number
      return [fn.call(1, 2), fn.apply(1, [2]), b(), b.name, b.length]
    },
    calls: 3,
  },
  {
    why: 'a bound function',
    run: (wrap) => {
      const fn = wrap(
        function (this: number, a: number) {
          return this + a
        }.bind(1),
      )
      return [fn(2), facts(fn)]
    },
    calls: ok(3),
  },
  {
    why: 'private members',
    run: (wrap) => {
      class C {
        #a = 1
        run(): number {
          return this.#a
        }
      }
      C.prototype.run = wrap(C.prototype.run)
      const { run } = new C()
      return [
        new C().run(),
        String(
          (() => {
            try {
              return run.call({} as C)
            } catch (error) {
              return (error as Error).name
            }
          })(),
        ),
      ]
    },
    calls: 2,
  },
  {
    why: 'super',
    run: (wrap) => {
      class B {
        run(): string {
          return 'b'
        }
      }
      class C extends B {
        override run(): string {
          return super.run() + 'c'
        }
      }
      C.prototype.run = wrap(C.prototype.run)
      return new C().run()
    },
    calls: ok('bc'),
  },
  {
    why: 'new',
    run: (wrap) => {
      const F = wrap(function F(this: Any, a: number) {
        this.a = a
        this.t = new.target?.name
      } as Any)
      const f = new F(1)
      return [{ ...f }, f instanceof F, f.constructor === F.prototype.constructor, Object.getPrototypeOf(f) === F.prototype]
    },
    calls: 1,
  },
  {
    why: 'new of a class that must not be made itself',
    run: (wrap) => {
      const A = wrap(
        class A {
          static n = 1
          kind: string
          constructor() {
            this.kind = new.target === A2() ? 'itself' : new.target.name
          }
          static m(): number {
            return this.n
          }
        },
      )
      function A2(): unknown {
        return A
      }
      class B extends A {}
      return [
        new B().kind,
        new B() instanceof A,
        B.m(),
        Object.getPrototypeOf(B) === A,
        (() => {
          try {
            return (A as Any)()
          } catch (error) {
            return (error as Error).message
          }
        })(),
      ]
    },
    calls: 3,
  },
  {
    why: 'new of what cannot be',
    run: (wrap) =>
      [async () => {}, () => {}, { m() {} }.m].map((fn) => {
        try {
          return new (wrap(fn) as Any)()
        } catch (error) {
          return (error as Error).name
        }
      }),
    calls: [],
  },
  {
    why: 'Reflect.construct',
    run: (wrap) => {
      class N {}
      const F = wrap(function (this: Any) {
        this.t = new.target.name
      } as Any)
      const f = Reflect.construct(F, [], N) as Any
      return [f.t, f instanceof N]
    },
    calls: 1,
  },
  {
    why: 'extends',
    run: (wrap) => {
      const B = wrap(function (this: Any) {
        this.b = 1
      } as Any)
      class C extends B {
        c = 2
      }
      return { ...new C() }
    },
    calls: 1,
  },
  {
    why: 'default and rest parameters',
    run: (wrap) => {
      const fn = wrap((a: number, b = a + 1, ...c: number[]) => [a, b, c])
      return [fn(1), fn(1, undefined, 3), fn.length]
    },
    calls: 2,
  },
  {
    why: 'a parameter that throws',
    run: (wrap) => {
      const fn = wrap(
        async (
          _a = ((): never => {
            throw BOOM
          })(),
        ) => 1,
      )
      return fn().catch((error: unknown) => error === BOOM)
    },
    calls: bad(BOOM),
  },
  { why: 'a tagged template', run: (wrap) => wrap((parts: TemplateStringsArray, ...x: number[]) => [parts.raw, x])`a${1}b`, calls: 1 },
  // ---- what can be seen of a function ----
  { why: 'an async arrow function', run: (wrap) => facts(wrap(async (a: number, b: number) => a + b)), calls: [] },
  {
    why: 'a function',
    run: (wrap) =>
      facts(
        wrap(function named(a: number, b = 1) {
          return [a, b]
        }),
      ),
    calls: [],
  },
  { why: 'a sloppy function', run: (wrap) => facts(wrap(new Function('a', 'return a'))), calls: [] },
  {
    why: 'a generator function',
    run: (wrap) =>
      facts(
        wrap(function* () {
          yield 1
        }),
      ),
    calls: [],
  },
  {
    why: 'a class',
    run: (wrap) =>
      facts(
        wrap(
          class A {
            static b = 1
            c(): void {}
          },
        ),
      ),
    calls: [],
  },
  {
    why: 'a method called by a symbol',
    run: (wrap) => {
      const o = { async [Symbol.for('x')](): Promise<void> {} }
      return facts(wrap(o[Symbol.for('x')]!))
    },
    calls: [],
  },
  {
    why: 'a frozen function',
    run: (wrap) => {
      const fn = wrap(Object.freeze(Object.assign(() => 1, { a: 1 })))
      return [facts(fn), Reflect.set(fn, 'a', 2), fn()]
    },
    calls: 1,
  },
  {
    why: 'own properties, also symbols and accessors',
    run: (wrap) => {
      let a = 1
      const fn = Object.defineProperties(
        Object.assign(() => a, { b: 2, [Symbol.for('c')]: 3 }),
        { a: { get: () => a, set: (x: number) => (a = x), configurable: true } },
      ) as Any
      const w = wrap(fn)
      w.a = 5
      w.d = 4
      return [w(), fn.a, fn.d, facts(w)]
    },
    calls: 1,
  },
  {
    why: 'properties that come later on either',
    run: (wrap) => {
      const fn: Any = () => 1
      const w: Any = wrap(fn)
      fn.a = 1
      w.b = 2
      Object.defineProperty(w, 'name', { value: 'other' })
      delete fn.length
      return [w.a, fn.b, fn.name, Reflect.ownKeys(w as object).join()]
    },
    calls: [],
  },
  {
    why: 'promisify',
    run: async (wrap) => {
      const fn: Any = wrap(Object.assign((f: () => void) => f(), { [promisify.custom]: async () => 'custom' }))
      return promisify(fn as () => void)()
    },
    calls: [],
  },
  // ---- generators ----
  {
    why: 'a generator that finishes',
    run: (wrap) => {
      const g = wrap(function* (a: number): Generator<number, number, number> {
        const b = yield a
        return b
      })(1)
      return [g.next(9), g.next(2), g.next(), Reflect.ownKeys(g), types.isGeneratorObject(g), g[Symbol.iterator]() === g]
    },
    calls: ok(2),
  },
  {
    why: 'a generator that throws',
    run: (wrap) => {
      const g = wrap(function* () {
        yield 1
        throw BOOM
      })()
      try {
        return [...g]
      } catch (error) {
        return [error === BOOM, g.next()]
      }
    },
    calls: bad(BOOM),
  },
  {
    why: 'a generator that is left early',
    run: (wrap) => {
      const seen: string[] = []
      for (const x of wrap(function* () {
        try {
          yield 1
          yield 2
        } finally {
          seen.push('finally')
        }
      })()) {
        seen.push(String(x))
        break
      }
      return seen
    },
    calls: ok(undefined),
  },
  {
    why: 'a generator that is returned before it began',
    run: (wrap) => {
      const g = wrap(function* () {
        yield 1
      })()
      return [g.return(5 as Any), g.next()]
    },
    calls: ok(5),
  },
  {
    why: 'a generator that goes on after return',
    run: (wrap) => {
      const g = wrap(function* (): Generator<number, number> {
        try {
          yield 1
        } finally {
          yield 2
        }
        return 3
      })()
      return [g.next(), g.return(7), g.next()]
    },
    calls: ok(7),
  },
  {
    why: 'a generator that is thrown into',
    run: (wrap) => {
      const g = wrap(function* () {
        try {
          yield 1
        } catch {
          yield 2
        }
      })()
      return [g.next(), g.throw(BOOM), g.next()]
    },
    calls: ok(undefined),
  },
  {
    why: 'a generator that delegates',
    run: (wrap) => {
      const inner = wrap(function* () {
        yield 1
        return 2
      })
      return [
        ...wrap(function* (): Generator<number> {
          const a: number = yield* inner()
          yield a
        })(),
      ]
    },
    calls: 2,
  },
  {
    why: 'a generator inside of itself',
    run: (wrap) => {
      const g: Any = wrap(function* (): Any {
        try {
          yield g.next()
        } catch (error) {
          yield (error as Error).message
        }
      })()
      return [g.next(), g.next()]
    },
    calls: ok(undefined),
  },
  {
    why: 'a generator nobody finishes',
    run: (wrap) =>
      wrap(function* () {
        yield 1
      })().next(),
    calls: [],
  },
  {
    why: 'a generator spread and taken apart',
    run: (wrap) => {
      const fn = wrap(function* () {
        yield 1
        yield 2
      })
      const [a] = fn()
      return [a, ...fn(), Array.from(fn()), new Set(fn())]
    },
    calls: 4,
  },
  {
    why: 'an async generator that finishes',
    run: async (wrap) => {
      const g = wrap(async function* () {
        yield 1
        await turn()
        return 2
      })()
      const p = g.next()
      return [promiseFacts(p), await p, await g.next(), await g.next(), Reflect.ownKeys(g)]
    },
    calls: ok(2),
  },
  {
    why: 'an async generator that throws',
    run: async (wrap) => {
      const seen: unknown[] = []
      try {
        for await (const x of wrap(async function* () {
          yield 1
          throw BOOM
        })())
          seen.push(x)
      } catch (error) {
        seen.push(error === BOOM)
      }
      return seen
    },
    calls: bad(BOOM),
  },
  {
    why: 'an async generator that is left early',
    run: async (wrap) => {
      const seen: unknown[] = []
      for await (const x of wrap(async function* () {
        try {
          yield 1
        } finally {
          await turn()
          seen.push('finally')
        }
      })()) {
        seen.push(x)
        break
      }
      return seen
    },
    calls: ok(undefined),
  },
  {
    why: 'an async generator that is asked many times at once',
    run: async (wrap) => {
      const g = wrap(async function* () {
        yield 1
        yield 2
      })()
      return Promise.all([g.next(), g.next(), g.next(), g.next()])
    },
    calls: ok(undefined),
  },
  {
    why: 'Readable.from an async generator',
    run: async (wrap) =>
      Readable.from(
        wrap(async function* () {
          yield 'a'
          yield 'b'
        })(),
      ).toArray(),
    calls: 1,
  },
  // ---- callbacks ----
  ...callbackRows(),
]

function callbackRows(): Row[] {
  const options = { callback: true }
  type Callback = (this: unknown, error?: unknown, value?: unknown) => unknown
  return [
    {
      why: 'a callback',
      run: async (wrap) => {
        const fn = wrap((a: number, f: Callback) => void setImmediate(() => f(null, a)), options)
        return new Promise((r) => fn(1, (...args: unknown[]) => r(args)))
      },
      calls: ok(1),
    },
    {
      why: 'a callback with an error',
      run: async (wrap) => {
        const fn = wrap((f: Callback) => void setImmediate(f, BOOM), options)
        return new Promise((r) => fn((error) => r(error === BOOM)))
      },
      calls: bad(BOOM),
    },
    {
      why: 'a callback that is called at once, and what it returns',
      run: (wrap) =>
        wrap(
          (f: Callback) => f.call('this', undefined, 2),
          options,
        )(function (this: unknown, _, value) {
          return [String(this), value, arguments.length]
        }),
      calls: ok(2),
    },
    {
      why: 'a callback that is called twice',
      run: (wrap) => {
        const seen: unknown[] = []
        wrap((f: Callback) => {
          f(null, 1)
          f(BOOM)
        }, options)((...args: unknown[]) => seen.push(args))
        return seen
      },
      calls: ok(1),
    },
    { why: 'a callback that is never called', run: (wrap) => wrap((_: Callback) => 5, options)(() => {}), calls: [] },
    {
      why: 'a callback that throws',
      run: (wrap) => {
        try {
          return wrap(
            (f: Callback) => f(null, 1),
            options,
          )(() => {
            throw BOOM
          })
        } catch (error) {
          return error === BOOM
        }
      },
      calls: ok(1),
    },
    {
      why: 'a throw before the callback',
      run: (wrap) => {
        try {
          return wrap((_: Callback) => {
            throw BOOM
          }, options)(() => {})
        } catch (error) {
          return error === BOOM
        }
      },
      calls: bad(BOOM),
    },
    { why: 'a promise where no callback is given', run: (wrap) => wrap(async (a: number, _?: Callback) => a, options)(3), calls: ok(3) },
    {
      why: 'what can be seen of a callback',
      run: (wrap) => {
        const f: Any = Object.assign(function named(_a: unknown, _b: unknown) {}, { x: 1 })
        return wrap((g: Any) => {
          g.y = 2
          return [g.name, g.length, g.x, String(g) === String(f)]
        }, options)(f).concat(f.y)
      },
      calls: [],
    },
    {
      why: 'promisify of a callback',
      run: (wrap) =>
        promisify(wrap((a: number, f: (e: unknown, x?: number) => void) => void setImmediate(() => f(null, a)), options) as Any)(4),
      calls: ok(4),
    },
  ] satisfies Row[]
}

const clock = new VirtualClock()
let calls: Call[] = []

const watch: Wrap = (fn, options = {}) =>
  watchFunction(fn as AnyFunction, { clock, onCall: (call) => void calls.push(call), ...options }) as typeof fn

/** Until whatever was not told at once is told. */
async function settle(): Promise<void> {
  await turn()
  await turn()
  clock.advance(150)
  await turn()
}

test.for(ROWS)('$why', async ({ run, calls: expected }) => {
  const plain = await run((fn) => fn)
  calls = []
  const watched = await run(watch)
  await settle()
  expect(watched).toEqual(plain)
  const told = calls.map(({ failed, value, error }) => (failed ? { error } : { value }))
  if (typeof expected === 'number') expect(told).toHaveLength(expected)
  else expect(told).toEqual(expected)
})
