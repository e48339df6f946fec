/** Where a request goes to: the host and port of its URI. */

export interface Origin {
  /** Lower case; an IPv6 address without brackets; `_OTHER` if it is no host name. */
  readonly host: string
  /** The scheme's own if the URI names none; 0 if it is not known. */
  readonly port: number
}

const CACHE_SIZE = 1000
/** `https://`, the longest name DNS allows in brackets, and a port. */
const LONGEST_ORIGIN = 8 + 255 + 6
/** Visible ASCII: what DNS resolves, and addresses. */
const HOST = /^[!-~]{1,253}$/
const NO_HOST = '_OTHER'

/** Reads origins such as `https://gateway.icloud.com`, each once. */
export class Origins {
  readonly #known = new Map<string, Origin>()
  // Requests come in runs to one server, and each brings a new text, of which the map has to make a hash first.
  #lastText = ''
  #last: Origin = { host: NO_HOST, port: 0 }

  of(origin: string): Origin {
    if (origin === this.#lastText) return this.#last
    const found = this.#known.get(origin) ?? this.#add(origin)
    this.#lastText = origin
    this.#last = found
    return found
  }

  #add(origin: string): Origin {
    const parsed = parse(origin)
    // Whoever talks to that many hosts gains little from a cache; it only must not grow.
    if (this.#known.size >= CACHE_SIZE) this.#known.clear()
    if (origin.length <= LONGEST_ORIGIN) this.#known.set(origin, parsed)
    return parsed
  }

  /** Of the target of a request that a proxy passes on, which is an absolute URL; `undefined` for any other. */
  ofProxied(target: string): Origin | undefined {
    if (target.startsWith('/')) return undefined
    if (!target.startsWith('http://') && !target.startsWith('https://')) return undefined
    const pathAt = target.indexOf('/', 'https://'.length)
    return this.of(pathAt < 0 ? target : target.slice(0, pathAt))
  }
}

function parse(origin: string): Origin {
  if (origin.length > LONGEST_ORIGIN || !URL.canParse(origin)) {
    return { host: NO_HOST, port: defaultPort(origin.slice(0, origin.indexOf(':') + 1)) }
  }
  const { hostname, port, protocol } = new URL(origin)
  return { host: hostOf(hostname), port: port === '' ? defaultPort(protocol) : Number(port) }
}

function defaultPort(protocol: string): number {
  return protocol === 'https:' || protocol === 'wss:' ? 443 : 80
}

/** A host as it is recorded. */
export function hostOf(name: string): string {
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name
  return HOST.test(bare) ? bare.toLowerCase() : NO_HOST
}
