/** Which of the upstreams named in health.config a host belongs to. */
import { isIPv6 } from 'node:net'

import type { UpstreamTarget } from '../../config/targets.ts'

/** Name of the upstream of a host and port, or `undefined`. The host is lower case, an IPv6 address without brackets. */
export type UpstreamOf = (host: string, port: number) => string | undefined

interface Pattern {
  readonly upstream: string
  /** The host, or for `*.icloud.com` what it ends with: `.icloud.com`. */
  readonly host: string
  readonly wildcard: boolean
  readonly port: number | undefined
}

/** Hosts and ports remembered; more than any service has upstreams. */
const CACHE_SIZE = 1000

/**
 * A host without a port is meant with any port; `*.icloud.com` means every host below it, however deep, but not itself. Of
 * several patterns that match, the most exact wins: a host before a wildcard, the longer wildcard, one with a port; then the
 * first. Throws one sentence if a pattern is none.
 */
export function upstreamOf(upstreams: Readonly<Record<string, UpstreamTarget>>): UpstreamOf {
  const patterns = Object.entries(upstreams)
    .flatMap(([upstream, { host }]) => [host].flat().map((text) => parse(upstream, text)))
    .toSorted(byExactness)
  const known = new Map<string, Map<number, string | undefined>>()
  let size = 0

  function find(name: string, port: number): string | undefined {
    const host = name.endsWith('.') ? name.slice(0, -1) : name
    return patterns.find((pattern) => matches(pattern, host, port))?.upstream
  }

  return (host, port) => {
    const ports = known.get(host)
    const upstream = ports?.get(port)
    if (upstream !== undefined || ports?.has(port)) return upstream
    const found = find(host, port)
    if (size >= CACHE_SIZE) return found
    size++
    if (ports) ports.set(port, found)
    else known.set(host, new Map([[port, found]]))
    return found
  }
}

function matches({ host, wildcard, port }: Pattern, name: string, at: number): boolean {
  if (port !== undefined && port !== at) return false
  return wildcard ? name.length > host.length && name.endsWith(host) : name === host
}

function byExactness(a: Pattern, b: Pattern): number {
  return (
    Number(a.wildcard) - Number(b.wildcard) || b.host.length - a.host.length || Number(a.port === undefined) - Number(b.port === undefined)
  )
}

function parse(upstream: string, text: string): Pattern {
  const wildcard = text.startsWith('*.')
  const rest = wildcard ? text.slice(2) : text
  const authority = isIPv6(rest) ? `[${rest}]` : rest
  // Anything but a host and a port would be taken for a path, a password or a query.
  const url = /^[^/\\?#@*\s]+(?<!:)$/.test(authority) ? URL.parse(`http://${authority}`) : null
  if (!url) {
    throw new Error(
      `The host of upstream "${upstream}" in health.config is "${text}": give a host such as "gateway.icloud.com", "localhost:6969" or "*.icloud.com".`,
    )
  }
  const name = url.hostname.replace(/^\[|\]$|\.$/g, '')
  // Not the URL's, which leaves out its scheme's own.
  const port = /:(\d+)$/.exec(authority)?.[1]
  return { upstream, host: wildcard ? `.${name}` : name, wildcard, port: port === undefined ? undefined : Number(port) }
}
