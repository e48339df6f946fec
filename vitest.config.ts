import { defineConfig } from 'vitest/config'

/** test/ci needs more than npm (a registry, PostgreSQL, other versions of Node): .ci/run brings it and runs `npm run test:ci`. */
const ci = process.env['OTEL_HEALTH_TEST_CI'] === 'true'

export default defineConfig({
  test: {
    include: ci ? ['test/ci/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: ci ? [] : ['test/ci/**'],
    testTimeout: ci ? 300_000 : 30_000,
    hookTimeout: ci ? 300_000 : 30_000,
  },
})
