/** Where statements begin, compared with what a parser says. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import fc from 'fast-check'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, test } from 'vitest'

import { statementsOf } from '../../../src/instrument/hook/statements.ts'
import { topLevelTokens } from '../../../src/instrument/hook/top-level-tokens.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Compared {
  /** Beginnings of ours at which the parser has none, with the text around. */
  readonly wrong: readonly string[]
  /** How many the parser has, and how many of them we have. */
  readonly all: number
  readonly found: number
}

type Kind = Parameters<typeof parseAst>[1]

function compared(text: string, kind: Kind): Compared {
  const parsed = parseAst(text, kind).body as unknown as readonly { start: number; end: number }[]
  const starts = new Set(parsed.map(({ start }) => start))
  const statements = statementsOf(text, topLevelTokens(text)!)
  const wrong = statements.slice(1).filter(({ start }) => !starts.has(start))
  return {
    wrong: wrong.map(({ start }) => `${text.slice(start - 40, start)}|${text.slice(start, start + 40)}`),
    all: parsed.length,
    found: statements.filter(({ start }) => starts.has(start)).length,
  }
}

/** Whether the text is understood the same with a call before each statement. */
function sameWithCalls(text: string, kind: Kind): boolean {
  let edited = text
  for (const { callAt } of statementsOf(text, topLevelTokens(text)!).toReversed())
    edited = `${edited.slice(0, callAt)};$call();${edited.slice(callAt)}`
  const types = (of: string): string[] => parseAst(of, kind).body.map(({ type }): string => type)
  const added = ['EmptyStatement', 'ExpressionStatement']
  const rest = (of: readonly string[]): string[] => of.filter((type) => !added.includes(type))
  return rest(types(edited)).join() === rest(types(text)).join()
}

describe.for([
  { what: 'this package', folder: 'src', files: '**/*.ts', lang: 'ts', share: 0.95 },
  { what: 'what TypeScript has compiled', folder: 'node_modules/ioredis/built', files: '**/*.js', lang: 'js', share: 0.95 },
  { what: 'what was written by hand without semicolons', folder: 'node_modules/undici/lib', files: '**/*.js', lang: 'js', share: 0.95 },
] as const)('$what', ({ folder, files, lang, share }) => {
  test('no statement begins where none does, and hardly any is missed', () => {
    let all = 0
    let found = 0
    for (const file of globSync(files, { cwd: join(root, folder) }).filter((name) => !name.endsWith('.d.ts'))) {
      const text = readFileSync(join(root, folder, file), 'utf8')
      const result = compared(text, { lang, sourceType: lang === 'ts' ? 'module' : 'commonjs' })
      expect(result.wrong).toEqual([])
      all += result.all
      found += result.found
    }
    expect(all).toBeGreaterThan(100)
    expect(found / all).toBeGreaterThan(share)
  })
})

const JS = [
  "import a from 'a'",
  "import { b } from 'b' with { type: 'json' }",
  "export * from 'c'",
  'export { d } from "d"',
  'function e() {}',
  'async function f() { await 1 }',
  'export async function* g(a = {}) { yield 1 }',
  'class H { static a = 1; b() {} }',
  'export class I extends (class {}) { #a = () => {} }',
  'const j = 1, k = () => {}',
  'let l',
  'var m = function () {}',
  'const n = (x) => x\n  .y',
  'const o = a\n  ? b\n  : c',
  'main()',
  'main()\n  .then(x)\n  .catch(y)',
  'void main()',
  'await main()',
  'while (x) await y()',
  'while (x)\n  await y()',
  'do x(); while (y)',
  'do { x() } while (y)',
  'for (const x of y) z(x)',
  'for await (const x of y)\n  z(x)',
  'if (x) y(); else z()',
  'if (x) {\n y() }\nelse if (z) {}\nelse w()',
  'try { x() } catch { y() } finally { z() }',
  'try {\n} catch (e) {\n}',
  'switch (x) { case 1: y(); default: z() }',
  'label: while (x) break label',
  'label:\n  for (;;) break label',
  '{ const x = 1; y(x) }',
  ';(async () => { await x() })()',
  ';[1, 2].forEach(x)',
  ';`a${b}c`.length',
  'x = y = z',
  'x.y = /[/]/g.test(z)',
  'x.await = x.else + x.do',
  'x = a / b / c',
  'x\n++\ny',
  'new X',
  'throw x',
  'export const p = await q()',
  'delete x.y',
  'async\nx()',
  'x = async () => {}',
  'x = y\n  in z',
  'x = typeof\n  y',
] as const

const TS = [
  'type A = { a: 1 }',
  'type B =\n  | 1\n  | 2',
  'type C = keyof\n  D',
  'type D<T> = T extends { a: infer U }\n  ? U\n  : never',
  'interface E { a: 1 }',
  'interface F\n  extends E {}',
  'export type { G } from "g"',
  'import type { H } from "h"',
  'declare function i(): void',
  'declare const j: string',
  'declare global { interface K {} }',
  'abstract class L<T extends { a: 1 }> { abstract b(): T }',
  'function m(a: string): void\nfunction m(a: unknown): { b: 1 } { return { b: 1 } }',
  'function n(): { a: 1 }\n{ return { a: 1 } }',
  'const o: () => void = () => {}',
  'const p = [1] as const',
  'const q = <T,>(x: T): x is T => true',
  'let r: Promise<string>',
  's satisfies T',
  'let t: unique symbol',
  'x!.y()',
] as const

describe('any statements in any order', () => {
  const between = fc.constantFrom(';', '\n', ';\n', '\n\n', ' // c\n', ';\n/* a */ ', '\n// {[(\n', '\r\n')
  const body = (texts: readonly string[]) => fc.array(fc.tuple(fc.constantFrom(...texts), between), { minLength: 1, maxLength: 8 })

  test.for([
    { lang: 'js', texts: JS },
    { lang: 'ts', texts: [...JS, ...TS] },
  ] as const)('$lang: as the parser has them, and a call before each is nothing but a call', ({ lang, texts }) => {
    let understood = 0
    fc.assert(
      fc.property(body(texts), (parts) => {
        const text = parts.flat().join('')
        const kind: Kind = { lang, sourceType: 'module' }
        try {
          parseAst(text, kind)
        } catch {
          // Declared twice, or two that a semicolon would have parted.
          return
        }
        understood++
        expect(compared(text, kind).wrong).toEqual([])
        expect(sameWithCalls(text, kind)).toBe(true)
      }),
      { numRuns: 3000 },
    )
    expect(understood).toBeGreaterThan(500)
  })
})
