/**
 * Where a top-level statement of a JavaScript or TypeScript text begins, as far as that is certain: what is not is left to the
 * statement before. A call put in there runs between the two, whatever they are.
 */
import type { Token } from './top-level-tokens.ts'

export interface Statement {
  readonly start: number
  readonly end: number
  /** Where a call may be put before it: behind the statement before, so that no column of a line of its own moves. */
  readonly callAt: number
  /** That nothing the module declares is called by it: imports, functions, classes, types, directives, plain constants. */
  readonly declares: boolean
  /** That what it declares is there from the beginning: functions and imports. */
  readonly isHoisted: boolean
}

export function statementsOf(text: string, tokens: readonly Token[]): readonly Statement[] {
  const firsts: number[] = []
  let endsAt: number | undefined
  for (const index of tokens.keys()) {
    if (index !== 0 && index !== endsAt && !begins(text, tokens, index)) continue
    firsts.push(index)
    endsAt = endOfDeclaration(tokens, index)
  }
  return firsts.map((first, n) => {
    const end = firsts[n + 1] ?? tokens.length
    return {
      start: tokens[first]!.start,
      end: tokens[end - 1]!.end,
      callAt: callAt(text, tokens, first),
      declares: declares(tokens, first) || isPlainConstant(text, tokens.slice(first, end)),
      isHoisted: isHoisted(tokens, first),
    }
  })
}

/** A statement goes on with it, or the statement before is not at its end. */
const GOES_ON = new Set('else catch finally in instanceof of as satisfies is extends implements from with keyof infer'.split(' '))
/** Something follows, or may, also in another line. */
const EXPECTS = new Set(
  (
    'await async return throw typeof void delete new in of instanceof else do case default yield extends implements const let var using ' +
    'function class import export as satisfies is asserts keyof unique infer readonly abstract declare namespace module enum interface ' +
    'type from static get set accessor public private protected override out get set'
  ).split(' '),
)
const HEADS = new Set(['if', 'while', 'for', 'await', 'with', 'switch', 'catch'])

const isWord = (text: string): boolean => /^[\p{ID_Start}$_]/u.test(text)

function begins(text: string, tokens: readonly Token[], index: number): boolean {
  const token = tokens[index]!
  const before = tokens[index - 1]!
  const at = (i: number): string => tokens[i]?.text ?? ''
  if (GOES_ON.has(token.text) || token.text === ';') return false
  // It may be the end of `do … while`.
  if (token.text === 'while' && tokens.slice(0, index).some(({ text: word }, i) => word === 'do' && at(i - 1) !== '.')) return false
  if (before.text === ';') return true
  if (!isWord(token.text)) return false
  if (before.text === '{') return true
  if (!text.slice(before.end, token.start).includes('\n')) return false
  if (before.text === '(') return !HEADS.has(at(index - 2))
  if (before.text === '[' || before.text === "'" || /^\d/.test(before.text)) return true
  return isWord(before.text) && (!EXPECTS.has(before.text) || at(index - 2) === '.')
}

/** The index behind the body of a function or class that begins at the index; only where no types are in between. */
function endOfDeclaration(tokens: readonly Token[], first: number): number | undefined {
  const at = (i: number): string => tokens[i]?.text ?? ''
  let index = first
  for (const word of ['export', 'default', 'async']) if (at(index) === word) index++
  if (at(index) === 'function') {
    index++
    if (at(index) === '*') index++
    if (isWord(at(index))) index++
    return at(index) === '(' && at(index + 1) === '{' ? index + 2 : undefined
  }
  if (at(index) !== 'class') return undefined
  for (index++; index < tokens.length; index++) {
    if (at(index) === '{') return at(index - 1) === 'extends' ? undefined : index + 1
    if (!isWord(at(index)) && at(index) !== '.' && at(index) !== '(') return undefined
  }
  return undefined
}

const DECLARES = new Set(['function', 'class', 'interface', 'declare', 'abstract', 'enum', 'import', "'", ';'])

function declares(tokens: readonly Token[], first: number): boolean {
  const at = (i: number): string => tokens[i]?.text ?? ''
  if (at(first).startsWith('@')) return true
  let index = first
  if (at(index) === 'export') {
    index++
    if (at(index) === '{' || at(index) === '*' || at(index) === 'default' || at(index).startsWith('@')) index++
    if (at(index - 1) === '{' || at(index - 1) === '*') return true
  }
  const next = at(index + 1)
  if (at(index) === 'import') return next !== '(' && next !== '.'
  if (at(index) === 'async') return next === 'function'
  if (at(index) === 'const') return next === 'enum'
  if (['type', 'namespace', 'module'].includes(at(index))) return isWord(next) || next === "'"
  return DECLARES.has(at(index))
}

function callAt(text: string, tokens: readonly Token[], first: number): number {
  let before = tokens[first - 1]
  // `;(async () => …)()`: the semicolon ends what is in the line before.
  const earlier = tokens[first - 2]
  if (before?.text === ';' && earlier && text.slice(earlier.end, before.start).includes('\n')) before = earlier
  if (before) return before.end
  return text.startsWith('#!') ? text.indexOf('\n') + 1 : 0
}

const HOISTED = new Set(['function', 'async', 'import', '{', '*'])

function isHoisted(tokens: readonly Token[], first: number): boolean {
  const words = tokens.slice(first, first + 3).map(({ text }) => text)
  const [word = ''] = words.filter((each) => each !== 'export' && each !== 'default')
  return declares(tokens, first) && HOISTED.has(word)
}

/** `const a = 1, f = (x) => …, g = function () {…}`: nothing is called by it, as far as its tokens tell. */
function isPlainConstant(text: string, tokens: readonly Token[]): boolean {
  const at = (i: number): string => tokens[i]?.text ?? ''
  if (!['const', 'let', 'var'].includes(at(at(0) === 'export' ? 1 : 0))) return false
  // What is behind the first body that is no call is not looked at, but for another constant.
  for (let i = 0; i < tokens.length; i++) {
    if (at(i) === '=>' || at(i) === 'function') {
      while (i + 1 < tokens.length && at(i + 1) !== ',') i++
    } else if (at(i) === '(' ? at(i + 1) !== '=>' : CALLS.has(at(i))) return false
    else if ((at(i) === '{' || at(i) === '[') && text.slice(tokens[i]!.start, tokens[i]!.end).includes('(')) return false
    else if (at(i) === "'" && isWord(at(i - 1))) return false
  }
  return true
}

/** With a type before it, `=>` may be no function's. */
const CALLS = new Set(['new', 'await', ':', 'class'])
