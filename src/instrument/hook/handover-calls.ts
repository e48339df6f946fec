/** Where a module's text calls the handing over before its end. */
import { escapePattern } from './escape-pattern.ts'
import type { Statement } from './statements.ts'

/**
 * Before the first statement that does more than declare, if a function that is there from the beginning is wanted; and before the next
 * such one after each that names what is wanted. Never before what is wanted is assigned anew.
 */
export function callsBefore(text: string, statements: readonly Statement[], wanted: ReadonlySet<string>): readonly number[] {
  const names = [...wanted].filter((name) => name !== 'module.exports').map(escapePattern)
  const word = `(?<![\\w$.])(?:${names.join('|') || 'exports'})`
  const named = new RegExp(`(?<![\\w$])(?:${['exports', ...names].join('|')})(?![\\w$])`, 'u')
  // `K = K_1 = decorated(K)`, `decorate(K.prototype, …)`: what is called afterwards is another function.
  const changed = new RegExp(`^(?:[\\w$]+\\s*=\\s*)*${word}\\s*=(?![=>])|${word}\\.prototype(?![\\w$])`, 'u')
  const lastChange = statements.findLast(({ start, end, declares }) => !declares && changed.test(text.slice(start, end)))
  const found: number[] = []
  let isDue = statements.some(({ start, end, isHoisted }) => isHoisted && named.test(text.slice(start, end)))
  for (const { start, end, callAt, declares } of statements) {
    if (isDue && !declares && start > (lastChange?.start ?? -1)) {
      found.push(callAt)
      isDue = false
    }
    isDue ||= named.test(text.slice(start, end))
  }
  return found
}
