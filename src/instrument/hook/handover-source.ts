/**
 * The text of a service's module with one line added, which hands over its top-level declarations at the end, and calls of it in
 * between: a module that never comes to its end, or gives its functions to others on the way, has handed them over before.
 * No line moves, nor any column but those behind an anonymous `export default function` or class and those behind a call that has
 * other statements before it in the same line, or is the first of all; an inline source map follows.
 *
 * - `$otelHealth();` is called before the first statement that does more than declare, and before the next such one after each that
 *   names what is asked for; not before what is asked for is assigned anew, as decorated classes are.
 * - `const f = …` becomes `let   f = …`, so that it can be replaced; an assignment that would have thrown no longer does.
 * - `export default <expression>` becomes `let    $dflt =<expression>`, exported under its name by the added line.
 * - A class whose instances are asked for gets a private field as its last, which hands over each instance after its
 *   other fields: neither the class nor its instances look different, and `new` inside of the class is seen too.
 */
import { Script } from 'node:vm'

import { escapePattern } from './escape-pattern.ts'
import { isEsModuleSyntax } from './es-module-syntax.ts'
import { callsBefore } from './handover-calls.ts'
import { withShiftedMap } from './inline-source-map.ts'
import { statementsOf } from './statements.ts'
import type { Token } from './top-level-tokens.ts'
import { topLevelTokens } from './top-level-tokens.ts'
import { bodyOf } from './wrapped-body.ts'

export interface Handover {
  /** `Symbol.for(key)` on globalThis is what is called. */
  readonly key: string
  /** How the module is called there. */
  readonly url: string
  /** Declarations or exports that are asked for. */
  readonly names: readonly string[]
  /** Classes whose instances are asked for, if their text declares the field. */
  readonly fields: readonly { readonly class: string; readonly field: string }[]
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What the text says of itself; positions are those of the unchanged text. */
interface Found {
  readonly edits: Edit[]
  /** Where the handing over is called before the end. */
  readonly callsAt: readonly number[]
  /** Exported name -> local name. */
  readonly locals: Map<string, string>
  /** Exported name -> where it is imported from. */
  readonly reexports: Map<string, { readonly name: string; readonly from: string }>
  readonly stars: string[]
  /** Names that are constants made of a name that is asked for, such as `g` in `export const g = f`. */
  readonly aliases: string[]
  readonly isEsModule: boolean
  readonly defaultName: string | undefined
  readonly exportsDefault: boolean
  /** The name given to a default export that has none. */
  readonly inventedName: string | undefined
  /** Classes that hand over their instances. */
  readonly withInstances: readonly string[]
}

const NOTHING: Found = {
  edits: [],
  callsAt: [],
  locals: new Map(),
  reexports: new Map(),
  stars: [],
  aliases: [],
  isEsModule: false,
  defaultName: undefined,
  exportsDefault: false,
  inventedName: undefined,
  withInstances: [],
}

export function withHandover(text: string, handover: Handover): string {
  const [bodyStart, bodyEnd] = bodyOf(text)
  const body = text.slice(bodyStart, bodyEnd)
  const tokens = topLevelTokens(body)
  const found = tokens ? findIn(body, tokens, handover) : NOTHING
  const name = unusedName(text, '$otelHealth')
  const edits = [...found.edits, ...found.callsAt.map((at): Edit => ({ start: at, end: at, text: `;${name}();` }))]
  let edited = body
  for (const { start, end, text: inserted } of edits.toSorted((a, b) => b.start - a.start)) {
    edited = edited.slice(0, start) + inserted + edited.slice(end)
  }
  const whole = `${text.slice(0, bodyStart)}${edited}\n${handoverLine(name, handover, found)}${text.slice(bodyEnd)}`
  const insertions = edits.map((edit) => ({ at: bodyStart + edit.end, length: edit.text.length - (edit.end - edit.start) }))
  return withShiftedMap(whole, text, insertions)
}

/** Declares a function that hands over, which is there from the beginning, and calls it. */
function handoverLine(functionName: string, { key, url, names }: Handover, found: Found): string {
  const imports: string[] = []
  const candidates = (name: string): string => {
    const local = name === 'default' ? found.defaultName : (found.locals.get(name) ?? name)
    const reexport = found.reexports.get(name)
    const places = [
      ...(local !== undefined && canBeDeclared(local) ? [place(local)] : []),
      ...(reexport ? [`[() => ${imported(imports, `{ ${reexport.name} as $ }`, reexport.from)}]`] : []),
      ...found.stars.map((from) => `[() => ${imported(imports, '* as $', from)}[${JSON.stringify(name)}]]`),
    ]
    return `${JSON.stringify(name)}: [${places.join(', ')}]`
  }
  const entries = [...new Set([...names, ...found.aliases])].map(candidates)
  const module = found.isEsModule ? 'undefined' : "typeof module === 'object' ? module : undefined"
  const exported = found.exportsDefault ? ` export { ${found.defaultName} as default };` : ''
  const call = `globalThis[Symbol.for(${JSON.stringify(key)})]?.module(${functionName}, arguments[0] === true, ${JSON.stringify(url)}, { ${entries.join(', ')} }, ${module}, ${JSON.stringify(found.withInstances)}, ${JSON.stringify(found.inventedName)})`
  // The module may have a `Symbol` of its own.
  return `;function ${functionName}() { try { ${call} } catch {} } ${functionName}(true);${imports.join('')}${exported}`
}

/** A global of that name is not meant. */
function place(name: string): string {
  const value = name === '$' ? '$$' : '$'
  return `[() => typeof ${name} === 'undefined' || ${name} === globalThis.${name} ? undefined : ${name}, (${value}) => { ${name} = ${value} }]`
}

function imported(imports: string[], clause: string, from: string): string {
  const name = `$handover${imports.length}`
  imports.push(` import ${clause.replace(/\$(?= \}|$)/u, name)} from ${from};`)
  return name
}

function findIn(text: string, tokens: readonly Token[], { key, url, names, fields }: Handover): Found {
  const edits: Edit[] = []
  const locals = new Map<string, string>()
  const reexports: Found['reexports'] = new Map()
  const stars: string[] = []
  const aliases = aliasesOf(text, tokens, names)
  const wanted = new Set([...names, ...aliases])
  let defaultName: string | undefined
  let inventedName: string | undefined
  let exportsDefault = false
  const at = (index: number): string => tokens[index]?.text ?? ''
  const quoted = (index: number): string => text.slice(tokens[index]!.start, tokens[index]!.end)

  for (const [index, token] of tokens.entries()) {
    if (token.text !== 'export' || at(index - 1) === '.') continue
    if (at(index + 1) === '{') {
      const from = at(index + 2) === 'from' && at(index + 4) !== 'with' ? quoted(index + 3) : undefined
      for (const [exported, local] of exportList(quoted(index + 1))) {
        if (at(index + 2) !== 'from') locals.set(exported, local)
        else if (from !== undefined) reexports.set(exported, { name: local, from })
      }
    } else if (at(index + 1) === '*' && at(index + 2) === 'from' && at(index + 4) !== 'with') {
      stars.push(quoted(index + 3))
    } else if (at(index + 1) === 'default') {
      const body = index + 2
      const isClass = at(body) === 'class' || (at(body) === 'abstract' && at(body + 1) === 'class')
      const isFunction = at(body) === 'function' || (at(body) === 'async' && at(body + 1) === 'function')
      if (isClass || isFunction) {
        let last = body
        while (['abstract', 'async', 'function', 'class', '*'].includes(at(last + 1))) last++
        const next = at(last + 1)
        if (isWord(next) && !['extends', 'implements'].includes(next)) defaultName = next
        else if (wanted.has('default')) {
          defaultName = inventedName = unusedDefault(text)
          edits.push({ start: tokens[last]!.end, end: tokens[last]!.end, text: ` ${defaultName} ` })
        }
      } else if (at(body) !== 'interface' && (wanted.has('default') || (wanted.has(at(body)) && endsAfter(text, tokens, body)))) {
        defaultName = inventedName = unusedDefault(text)
        exportsDefault = true
        edits.push({ ...token, text: 'let   ' }, { ...tokens[index + 1]!, text: `${defaultName} =` })
      }
    }
  }
  for (const name of names) {
    const local = locals.get(name)
    if (local !== undefined) wanted.add(local)
  }
  for (const name of locals.keys()) if (wanted.has(locals.get(name)!)) wanted.add(name)
  if (exportsDefault) wanted.add('default')
  edits.push(...constantsOf(text, tokens, wanted).map((token) => ({ ...token, text: 'let  ' })))
  const withInstances: string[] = []
  for (const { class: name, field } of fields) {
    // A private field is seen by nobody outside of the class.
    const body = field.startsWith('#')
      ? undefined
      : classBody(tokens, locals.get(name) ?? (name === 'default' ? (defaultName ?? name) : name))
    if (!body || !new RegExp(`(?<![\\w$.])${escapePattern(field)}\\s*[=:!?]`, 'u').test(text.slice(body.start, body.end))) continue
    const call = `globalThis[Symbol?.for?.(${JSON.stringify(key)})]?.instance(${JSON.stringify(url)}, ${JSON.stringify(name)}, this)`
    if (withInstances.includes(name)) continue
    withInstances.push(name)
    edits.push({ start: body.end - 1, end: body.end - 1, text: `;#otelHealth${withInstances.length} = ${call};` })
  }
  // A package's module comes to its end.
  const callsAt = url.includes('/node_modules/') ? [] : callsBefore(text, statementsOf(text, tokens), wanted)
  const isEsModule = isEsModuleSyntax(tokens)
  const more = [...aliases, ...(defaultName !== undefined && wanted.has('default') ? ['default'] : [])]
  return { edits, callsAt, locals, reexports, stars, aliases: more, isEsModule, defaultName, exportsDefault, inventedName, withInstances }
}

const isWord = (text: string): boolean => /^[\p{ID_Start}$_]/u.test(text)

/** As long as `default` less ` =`. */
function unusedDefault(text: string): string {
  return ['$dflt', '$dfl0', '$dfl1', '$dfl2'].find((name) => !text.includes(name)) ?? '$dfl3'
}

function unusedName(text: string, name: string): string {
  for (let n = 0; ; n++) {
    const numbered = n === 0 ? name : `${name}${n}`
    if (!text.includes(numbered)) return numbered
  }
}

/** `{ a, b as c, type D }` -> [exported, local]. */
function exportList(list: string): readonly (readonly [string, string])[] {
  const bare = list.slice(1, -1).replaceAll(/\/\/.*|\/\*[^]*?\*\//gu, '')
  return bare.split(',').flatMap((entry): [string, string][] => {
    const [local, as, exported] = entry.trim().split(/\s+/u)
    if (!local) return []
    return as === 'as' && exported ? [[exported, local]] : as === undefined ? [[local, local]] : []
  })
}

/** Whether the expression that is the token is all there is of it. */
function endsAfter(text: string, tokens: readonly Token[], index: number): boolean {
  const next = tokens[index + 1]
  if (!next || next.text === ';' || next.text === ',') return true
  const newLine = text.slice(tokens[index]!.end, next.start).includes('\n')
  return newLine && (isWord(next.text) || next.text === '@')
}

function aliasesOf(text: string, tokens: readonly Token[], names: readonly string[]): readonly string[] {
  return tokens.flatMap(({ text: word }, index) => {
    const isConstant = ['const', 'let', 'var'].includes(word) && tokens[index + 2]?.text === '='
    const value = tokens[index + 3]?.text ?? ''
    return isConstant && names.includes(value) && endsAfter(text, tokens, index + 3) ? [tokens[index + 1]!.text] : []
  })
}

/** The words `const` that declare one of the names. */
function constantsOf(text: string, tokens: readonly Token[], names: ReadonlySet<string>): readonly Token[] {
  const found: Token[] = []
  let declaring: Token | undefined
  for (const [index, token] of tokens.entries()) {
    if (token.text === 'const' && !NOT_DECLARING.has(tokens[index - 1]?.text ?? '') && tokens[index + 1]?.text !== 'enum') declaring = token
    else if (STATEMENTS.has(token.text)) declaring = undefined
    if (!declaring || (token !== declaring && token.text !== ',')) continue
    const next = tokens[index + 1]
    if (!next) continue
    const declares =
      next.text === '{' || next.text === '['
        ? text
            .slice(next.start, next.end)
            .split(/[^\p{ID_Continue}$]+/u)
            .some((word) => names.has(word))
        : names.has(next.text)
    if (declares && !found.includes(declaring)) found.push(declaring)
  }
  return found
}

/** `a.const`, and in TypeScript `as const`, `<const>` and `<A, const B>`. */
const NOT_DECLARING = new Set(['.', 'as', '<', ','])
const STATEMENTS = new Set(['let', 'var', 'function', 'class', 'export', 'import', 'if', 'for', 'while', 'return', ';'])

/** Of `class Name …{}` or `Name = class …{}` at the top level. */
function classBody(tokens: readonly Token[], name: string): Token | undefined {
  const at = tokens.findIndex(
    ({ text }, index) =>
      text === 'class' &&
      tokens[index - 1]?.text !== 'declare' &&
      (tokens[index + 1]?.text === name || (tokens[index - 1]?.text === '=' && tokens[index - 2]?.text === name)),
  )
  if (at < 0) return undefined
  // In TypeScript there may be types between: `class A<T> extends B<{ … }> {`.
  let depth = 0
  for (const token of tokens.slice(at + 1)) {
    if (token.text === '<') depth++
    else if (token.text === '>') depth--
    else if (token.text === '{' && depth <= 0) return token
  }
  return undefined
}

/** Whether a variable may be called so. Any other text, such as `default`, would be a syntax error in the service's module. */
function canBeDeclared(name: string): boolean {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return false
  try {
    return Boolean(new Script(`'use strict'; async () => { class ${name} {} }`))
  } catch {
    return false
  }
}
