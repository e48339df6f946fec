/**
 * Loads health.config.{ts,mts,cts,js,mjs,cjs} at once, in whatever kind of package it stands: `import` and `export` make an ES module of
 * it and `module.exports` CommonJS, though `type` of package.json says otherwise, for nobody knows that by heart who only wants to name a queue.
 */
// By a name of its own registerHooks would keep Node 20 from loading this, on which doctor is to say that it is too old.
import module from 'node:module'
import { readFileSync } from 'node:fs'

/** Ours, for a module under node_modules may require ES modules on every Node without a warning. */
const load = module.createRequire(import.meta.url)

const ES_MODULE = /^\s*(?:import|export)(?:\s+|\s*(?=[{*'"]))[\w$@{*'"]/m
const COMMON_JS = /\bmodule\.exports\b|\bexports\.[\w$]+\s*=|\brequire\s*\(/
const FORMAT = /^(?:commonjs|module)(-typescript)?$/

/** Absolute path in, what is exported out. Throws one sentence if it could not be loaded. */
export function loadConfigModule(file: string): unknown {
  const hook = module.registerHooks({
    load(url, context, nextLoad) {
      if (!/^file:.*\.[jt]s(?:\?|$)/.test(url) || url.includes('/node_modules/')) return nextLoad(url, context)
      // Of a file whose package names no type Node finds it out by trying, and warns.
      const loaded = nextLoad(url, context.format || !isEsModule(url) ? context : { ...context, format: 'module' })
      const [isKnown, typescript = ''] = FORMAT.exec(loaded.format ?? '') ?? []
      const text = textOf(loaded.source)
      if (isKnown === undefined || text === undefined) return loaded
      if (ES_MODULE.test(text)) return { ...loaded, format: `module${typescript}` }
      return COMMON_JS.test(text) ? { ...loaded, format: `commonjs${typescript}` } : loaded
    },
  })
  try {
    const loaded: unknown = load(file)
    return (loaded as { default?: unknown } | null)?.default ?? loaded
  } catch (error) {
    throw new Error(sentence(file, error), { cause: error })
  } finally {
    hook.deregister()
  }
}

function isEsModule(url: string): boolean {
  try {
    return url.endsWith('.js') && ES_MODULE.test(readFileSync(new URL(url), 'utf8'))
  } catch {
    return false
  }
}

function textOf(source: unknown): string | undefined {
  if (typeof source === 'string') return source
  return source instanceof Uint8Array ? new TextDecoder().decode(source) : undefined
}

function sentence(file: string, error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.replace(/\.$/, '')
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ERR_REQUIRE_ASYNC_MODULE' || said.startsWith('await is only valid')) {
    return `${file} waits with await at its top level, or imports what does, expected a configuration that is there at once, for it is read before the service starts: take the await out of it.`
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return `${file} could not be loaded${lineOf(file, error)}: ${said}: Node only takes types away, so write it without what needs a compiler.`
  }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNKNOWN_MODULE_FORMAT') {
    return `${file} could not be loaded, for this Node is told not to take types away: write it as health.config.mjs.`
  }
  return `${file} could not be loaded${lineOf(file, error)}: ${said}.`
}

/** Where Node says it: above the stack of an error of syntax, in the stack of others. */
function lineOf(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack.indexOf(`${file}:`)
  const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + file.length + 1))?.[0]
  return line === undefined ? '' : ` (line ${line})`
}
