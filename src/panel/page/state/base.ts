/** Under which path the panel is mounted: without a slash at its end, empty at the root. The server writes it into the page. */
function mountedUnder(): string {
  const said = document.querySelector<HTMLMetaElement>('meta[name="otel-health-base"]')?.content ?? ''
  // As Vite serves it while one works on it, nobody has written it.
  return said.startsWith('/') ? said.replace(/\/+$/, '') : ''
}

export const BASE: string = mountedUnder()
