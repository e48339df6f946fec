import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** test/ci needs more than npm (a registry, PostgreSQL, other versions of Node): .ci/run brings it and runs `npm run test:ci`. */
const ci = process.env['OTEL_HEALTH_TEST_CI'] === 'true'

// Services that tests start have the environment of the tests: what the developer's own shell says of health is none of theirs.
for (const name of Object.keys(process.env)) if (name.startsWith('HEALTH_')) Reflect.deleteProperty(process.env, name)

export default defineConfig({
  test: {
    include: ci ? ['test/ci/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: ci ? [] : ['test/ci/**'],
    // Most of the time they wait for processes that they have started.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: ci ? 300_000 : 30_000,
    hookTimeout: ci ? 300_000 : 30_000,
  },
})
