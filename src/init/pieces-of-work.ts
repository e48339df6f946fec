/**
 * Which functions of a service look like a piece of its work, for a service whose queue library does not say it: told by their names and by
 * where they are called. A guess, which a person is asked to look at. Pure.
 */
import { withoutComments } from './found-in-sources.ts'
import type { SourceFile } from './project-files.ts'

export interface PieceOfWork {
  readonly path: string
  readonly name: string
  /** The higher, the more it looks like one. */
  readonly score: number
}

const DECLARED =
  /^(export\s+(?:default\s+)?)?(?:(async)\s+)?function\s+([A-Za-z_$][\w$]*)|^(export\s+)?const\s+([A-Za-z_$][\w$]*)\s*(?::[^=\n]+)?=\s*(async)?\s*(?:function\b|\([^)]*\)\s*(?::[^=\n]+)?=>|[\w$]+\s*=>)/gm
const DOES =
  /^(?:handle|process|perform|execute|consume|send|deliver|fetch|sync|import|generate|render|convert|charge|index|crawl|scrape|upload|resize|notify|dispatch)(?=[A-Z_]|$)/
const THING = /(?:job|task|message|mail|email|event|item|order|invoice|payment|notification|document|image|page|record|tracker|webhook)s?$/i
/** What frames the work. */
const FRAME =
  /^(?:main|start|stop|run|init|setup|bootstrap|connect|disconnect|close|shutdown|shutDown|listen|loop|wait|sleep|delay|log|get|set|is|has|create|make|parse|format|build|load|save|read|write|validate|next)(?=[A-Z_]|$)/

/** The most likely first; none that nothing speaks for. */
export function piecesOfWork(sources: readonly SourceFile[]): readonly PieceOfWork[] {
  const texts = sources.map(({ path, text }) => ({ path, text: withoutComments(text) }))
  return texts
    .flatMap(({ path, text }) => Array.from(text.matchAll(DECLARED), (found) => pieceOf(path, found, texts)))
    .filter(({ score }) => score >= 3)
    .toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
}

function pieceOf(path: string, found: RegExpExecArray, texts: readonly SourceFile[]): PieceOfWork {
  const name = found[3] ?? found[5]!
  const isExported = found[1] !== undefined || found[4] !== undefined || isInExports(name, texts.find((each) => each.path === path)!.text)
  const isAsync = found[2] !== undefined || found[6] !== undefined
  const calls = new RegExp(`\\bawait\\s+(?:[\\w$]+\\.)?${name.replaceAll('$', String.raw`\$`)}\\(`)
  const isAwaited = texts.some(({ text }) => calls.test(text))
  const parts = [isExported && 1, isAsync && 1, isAwaited && 1, DOES.test(name) && 2, THING.test(name) && 1, FRAME.test(name) && -4]
  return { path, name, score: parts.reduce<number>((sum, part) => sum + (part || 0), 0) }
}

function isInExports(name: string, text: string): boolean {
  return new RegExp(
    `exports\\.${name}\\s*=|module\\.exports\\s*=\\s*(?:\\{[^}]*\\b${name}\\b|${name}\\b)|export\\s*\\{[^}]*\\b${name}\\b`,
  ).test(text)
}

/** By so much one must be more likely than the next. */
const CLEAR = 2

/** The one that stands out; `undefined` if several do as much. */
export function theOne(pieces: readonly PieceOfWork[]): PieceOfWork | undefined {
  const [first, second] = pieces
  return first && first.score >= 4 && first.score >= (second?.score ?? 0) + CLEAR ? first : undefined
}
