/** The methods of a library that are relied on. */
import { prototypeOf } from '../calls/replace-method.ts'
import { sayNotRecorded } from './not-recorded.ts'

/** The prototype of a class of the module at `url`; `undefined`, and one line, where it lacks one of the methods. `name`: of the class. */
export function prototypeWith(
  library: string,
  { name, constructor }: { readonly name: string; readonly constructor: unknown },
  methods: readonly string[],
  url: string,
): object | undefined {
  const prototype = prototypeOf(constructor)
  const lacks = methods.filter((method) => !prototype || !Object.hasOwn(prototype, method))
  if (lacks.length === 0) return prototype
  sayNotRecorded(
    library,
    url,
    lacks.map((method) => `${name}.${method}`),
  )
  return undefined
}
