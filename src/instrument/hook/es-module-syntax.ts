/** Whether a text is an ES module, by its own declarations. Pure. */
import type { Token } from './top-level-tokens.ts'
import { topLevelTokens } from './top-level-tokens.ts'

/** What declares types alone behind `export`. */
const TYPES: ReadonlySet<string> = new Set(['type', 'interface', 'declare'])

/** Whether the text has `import` or `export` declarations other than of types, which are gone when the module is run. */
export function isEsModuleSyntax(tokens: readonly Token[]): boolean {
  const at = (index: number): string => tokens[index]?.text ?? ''
  return tokens.some(({ text: word }, index) => {
    const next = at(index + 1)
    if (at(index - 1) === '.' || next === '=' || at(index + 2) === '=') return false
    return (word === 'export' && !TYPES.has(next)) || (word === 'import' && next !== '(' && next !== 'type')
  })
}

/** A text that is not understood is none. */
export function isEsModuleText(text: string): boolean {
  return isEsModuleSyntax(topLevelTokens(text) ?? [])
}
