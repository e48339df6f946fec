/** A file of sources as a user would have it: JavaScript in one piece. Stripping types as it runs takes 30 MB of a process. */
import { fileURLToPath } from 'node:url'

import { rolldown } from 'rolldown'

/** `file`: beside this one. Resolves to where it is. */
export async function build(file: string): Promise<string> {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  const target = here(`../node_modules/.cache/otel-health-bench/${file.replace('.ts', '.mjs')}`)
  const bundle = await rolldown({ input: here(file), platform: 'node', external: /^[^./]/ })
  await bundle.write({ file: target, format: 'esm', codeSplitting: false })
  await bundle.close()
  return target
}
