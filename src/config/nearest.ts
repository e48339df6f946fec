/** Which of the words that are known somebody meant who wrote another. Pure. */

/** Longer words are compared by their beginnings. */
const LONGEST = 100

/** The one with the fewest letters to change; of two, the first. `undefined` if none is known. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  return byDistance(word, known)[0]?.candidate
}

/** The nearest if it is near: two letters wrong, of a short word one, or one begins with the other. */
export function meant(word: string, known: readonly string[]): string | undefined {
  const longer = known.filter((each) => word.length >= 3 && each.startsWith(word))
  const [first] = byDistance(word, known)
  if (first && first.letters <= (word.length < 5 ? 1 : 2)) return first.candidate
  return longer.length === 1 ? longer[0] : undefined
}

function byDistance(word: string, known: readonly string[]): readonly { readonly letters: number; readonly candidate: string }[] {
  return known
    .map((candidate) => ({ letters: lettersApart(word.toLowerCase().slice(0, LONGEST), candidate.toLowerCase()), candidate }))
    .toSorted((a, b) => a.letters - b.letters)
}

/** Letters inserted, left out, replaced or exchanged with their neighbour (optimal string alignment). */
export function lettersApart(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    ;[before, last] = [last, row]
  }
  return last[b.length]!
}
