/** Of the tests of a guard, in a copy of the project. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [fileURLToPath(new URL('first-failure.ts', import.meta.url))],
    testTimeout: 30_000,
  },
})
