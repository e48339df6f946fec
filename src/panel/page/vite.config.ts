import { fileURLToPath } from 'node:url'

import { defineConfig, type UserConfig } from 'vite'

/** What the panel's server puts in the place of it: the path under which the panel is mounted, without a slash at its end. */
const BASE = '__BASE__'

const config: UserConfig = defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../../../dist/panel/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // Their content policy has no `data:` scripts, and what is loaded later is loaded by its own address.
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  experimental: {
    // index.html is served at /service/x, too: what it loads is named from the root.
    renderBuiltUrl: (file, { hostType }) => (hostType === 'html' ? `${BASE}/${file}` : { relative: true }),
  },
})

export default config
