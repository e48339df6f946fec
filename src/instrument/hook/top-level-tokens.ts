/**
 * The tokens at the top level of a JavaScript or TypeScript text; what is in brackets of any kind is one token. Enough to
 * find declarations and exports without a parser. Whether `/` divides or begins a regular expression is told by the token
 * before it, as every highlighter does; a text that is not understood gives `undefined`, never a guess.
 */
export interface Token {
  /** A word, a punctuator, `'` for any string; for what is in brackets the opening bracket. */
  readonly text: string
  readonly start: number
  readonly end: number
}

const TOKEN =
  /\s+|\/\/.*|\/\*[^]*?\*\/|[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*|\.?\d[\w.]*|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|=>|\+\+|--|[^]/uy
const REGULAR_EXPRESSION = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/uy
const TEMPLATE_PART = /(?:[^`\\$]|\\[^]|\$(?!\{))*(`|\$\{)/uy

const BEFORE_EXPRESSION = new Set(
  'return typeof case in of delete void throw new instanceof do else yield await default extends export'.split(' '),
)
const BEFORE_CONDITION = new Set(['if', 'while', 'for', 'with'])
/** A map, for words such as `constructor` are looked up in it. */
const CLOSES: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
])

interface Bracket {
  readonly text: string
  readonly start: number
  /** Of `if (…)` and its like, after which an expression may begin. */
  readonly condition: boolean
}

export function topLevelTokens(text: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  const open: Bracket[] = []
  let at = text.startsWith('#!') ? text.indexOf('\n') : 0
  if (at < 0) return tokens
  /** The text of the last token at any depth; of a closed condition `if`. */
  let last = ''
  const add = (what: string, start: number): void => {
    last = what
    if (open.length === 0) tokens.push({ text: what, start, end: at })
  }
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  while (at < text.length) {
    const start = at
    if (text[at] === '/' && text[at + 1] !== '/' && text[at + 1] !== '*' && expressionMayFollow(last) && match(REGULAR_EXPRESSION)) {
      add("'", start)
      continue
    }
    const word = match(TOKEN)![0]
    if (/^(?:\s|\/[/*])/u.test(word)) continue
    if (word === '`') {
      open.push({ text: '`', start, condition: false })
    } else if (word === '(' || word === '[' || word === '{') {
      open.push({ text: word, start, condition: BEFORE_CONDITION.has(last) })
      last = word
      continue
    } else if (!CLOSES.has(word)) {
      add(word[0] === '"' || word[0] === "'" ? "'" : word, start)
      continue
    } else if (open.at(-1)?.text === CLOSES.get(word)) {
      const bracket = open.pop()!
      add(bracket.text, bracket.start)
      last = bracket.condition ? 'if' : word
      continue
    } else if (word !== '}' || open.at(-1)?.text !== '`') {
      return undefined
    }
    // In a template, at its beginning or after a substitution.
    const part = match(TEMPLATE_PART)
    if (!part) return undefined
    if (part[1] === '`') {
      const { start: began } = open.pop()!
      add("'", began)
    } else {
      last = '{'
    }
  }
  return open.length === 0 ? tokens : undefined
}

function expressionMayFollow(last: string): boolean {
  if (/^[\p{ID_Start}$_#]/u.test(last)) return BEFORE_EXPRESSION.has(last) || BEFORE_CONDITION.has(last)
  return !/^(?:\)|\]|'|\+\+|--|\.?\d.*)$/u.test(last)
}
