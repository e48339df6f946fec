/** How ids of the live stream follow each other: `<run>-<n>`, each `n` one more than the one before. */
export type Following = 'next' | 'old' | 'gap'

/** `old`: it was heard already. `gap`: something between them was not heard, or the panel's server has begun anew. */
export function following(last: string | undefined, id: string): Following {
  const before = parse(last ?? '')
  const now = parse(id)
  if (!before || !now || before.run !== now.run) return 'gap'
  if (now.n <= before.n) return 'old'
  return now.n === before.n + 1 ? 'next' : 'gap'
}

function parse(id: string): { readonly run: string; readonly n: number } | undefined {
  const at = id.lastIndexOf('-')
  const n = Number(id.slice(at + 1))
  return at > 0 && Number.isSafeInteger(n) ? { run: id.slice(0, at), n } : undefined
}
