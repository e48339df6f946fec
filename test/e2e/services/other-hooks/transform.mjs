/** Passes every module through a load hook of its own, with one line more at its end. */
export async function load(url, context, nextLoad) {
  return withOneLineMore(url, await nextLoad(url, context))
}

export function withOneLineMore(url, loaded) {
  if (!url.startsWith('file:') || url.includes('/node_modules/') || !loaded.source || loaded.format === 'json') return loaded
  return { ...loaded, source: `${Buffer.from(loaded.source).toString()}\n;globalThis.seenByAnother = true\n` }
}
