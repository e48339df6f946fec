/** The built pages: read once, so that no request names a file. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

import { OWN_FOLDER } from '../../version.ts'
import type { Call } from './call.ts'
import { Refused } from './refused.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
}

/** Stands in index.html for the prefix that the panel is reached under, without a slash at its end. */
const BASE = '__BASE__'
/** Vite's: a file of that name never changes. */
const HASHED = /-[\w-]{8,}\.\w+$/

interface Asset {
  readonly bytes: Buffer<ArrayBuffer>
  readonly zipped: Buffer<ArrayBuffer>
  readonly type: string
  readonly etag: string
  readonly cache: string
}

/** `dist/panel/page`, whether this file is in src or in dist. */
const BUILT_PAGES: string = fileURLToPath(new URL('../dist/panel/page/', OWN_FOLDER))

export class Pages {
  readonly #index: string | undefined
  readonly #assets: ReadonlyMap<string, Asset>

  /** `folder`: with `index.html` and `assets/*`. Where there are none, every page says so. */
  constructor(folder: string = BUILT_PAGES) {
    this.#index = readIfThere(join(folder, 'index.html'))?.toString('utf8')
    this.#assets = new Map(namesIn(join(folder, 'assets')).map((name) => [name, assetOf(name, readFileSync(join(folder, 'assets', name)))]))
  }

  /** The same for each path: which screen it is says the URL. */
  page({ base }: Call): Response {
    if (this.#index === undefined) throw new Refused(503, 'The pages of the panel have not been built: npm run build does it.')
    const html = this.#index.replaceAll(BASE, base)
    return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' } })
  }

  /** `undefined`: there is no such file. */
  asset(name: string, { headers }: Request): Response | undefined {
    const asset = this.#assets.get(name)
    if (!asset) return undefined
    const shared = { 'content-type': asset.type, 'cache-control': asset.cache, etag: asset.etag, vary: 'accept-encoding' }
    if (headers.get('if-none-match')?.includes(asset.etag)) return new Response(null, { status: 304, headers: shared })
    return /\bgzip\b/.test(headers.get('accept-encoding') ?? '')
      ? new Response(asset.zipped, { headers: { ...shared, 'content-encoding': 'gzip' } })
      : new Response(asset.bytes, { headers: shared })
  }
}

function assetOf(name: string, bytes: Buffer<ArrayBuffer>): Asset {
  return {
    bytes,
    zipped: gzipSync(bytes, { level: 9 }),
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    cache: HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
  } catch {
    return []
  }
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
