/** Where to go on after a login: only a path of the panel. Anything else would let a link lead people from our login to a page of others. */

/** `then` as it may stand in a Location; `/` where it leads elsewhere or nowhere. */
export function ownPath(then: unknown): string {
  if (typeof then !== 'string' || then.length > LONGEST || !isOwn(then)) return '/'
  const url = URL.parse(then, HERE)
  if (!url || url.origin !== HERE) return '/'
  const path = url.pathname + url.search
  // `/.//elsewhere` has become `//elsewhere`.
  return isOwn(path) ? path : '/'
}

const HERE = 'http://panel.invalid'
const LONGEST = 2000

/** Browsers take `\` for `/`, and leave out control characters before they look. */
function isOwn(path: string): boolean {
  return /^\/(?!\/)/.test(path) && !/[\\\p{Cc}]/u.test(path)
}
