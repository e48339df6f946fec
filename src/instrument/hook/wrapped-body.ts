/** tsx puts all of a CommonJS module into a function that is called at once, so that what the module declares is declared in there. */
const HEAD = /^__filename="(?:[^"\\\n]|\\.)*";\(\(\)=>\{/u
const TAIL = '\n})()'

/** Where the module's own text begins and ends within the text that is compiled: as a rule all of it. */
export function bodyOf(text: string): readonly [start: number, end: number] {
  const head = HEAD.exec(text)
  const end = text.lastIndexOf(TAIL)
  return head && end >= head[0].length ? [head[0].length, end] : [0, text.length]
}
