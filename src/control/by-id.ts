import { ControlError } from './control-error.ts'

/** The only one whose id is, or begins with, what was given. `what`: what each of them is. Throws a ControlError. */
export function onlyById<T extends { readonly id: string }>(all: readonly T[], given: string, what: string): T {
  const exact = all.find(({ id }) => id === given)
  const found = exact ? [exact] : all.filter(({ id }) => given.length > 0 && id.startsWith(given))
  if (found.length === 1) return found[0]!
  const shown = JSON.stringify(given)
  if (found.length === 0) throw new ControlError('state', `There is no ${what} whose id is ${shown} or begins so.`)
  const ids = found.slice(0, 5).map(({ id }) => id)
  throw new ControlError(
    'asked',
    `${found.length} ids begin with ${shown} (${ids.join(', ')}${found.length > 5 ? ', …' : ''}): give more of it.`,
  )
}
