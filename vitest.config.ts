import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Where a machine-readable report is wanted, beside what people read.
const report = process.env.VITEST_REPORT

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// What slow tests install, build or run a contract against, and time nothing of: files beside each other.
const besides = [
  'e2e/slow/{drivers,examples,next,runtimes,vendors}/**/*.test.ts',
  'e2e/slow/postgres/{pgbouncer,pglite-contract,pglite-inbox,sharded-contract}.test.ts',
]

// vitest leaves a core to itself, and of two that is half of the machine.
const maxWorkers = Math.max(2, availableParallelism() - 1)

const patience = { testTimeout: 600_000, hookTimeout: 60_000 }

export default defineConfig({
  resolve: {
    // Packages meet each other by source, so tests need no build.
    alias: [
      { find: /^#hmac$/, replacement: at('./packages/schema/src/lib/hmac/node.ts') },
      { find: /^@posthorn\/([a-z0-9-]+)$/, replacement: at('./packages/$1/src/index.ts') },
      {
        find: /^@posthorn\/([a-z0-9-]+)\/([a-z0-9-]+(?:\/[a-z0-9-]+)?)$/,
        replacement: at('./packages/$1/src/$2.ts'),
      },
    ],
  },
  test: {
    ...(report && { reporters: ['default', ['json', { outputFile: report }]] }),
    maxWorkers,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // They share no state, so a worker may keep what it has loaded: a third of the time.
          isolate: false,
          include: [
            'packages/**/src/**/*.test.ts',
            'examples/workflow-engine/src/**/*.test.ts',
            'bench/lib/*.test.mjs',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'e2e/slow/**'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'slow',
          include: besides,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        extends: true,
        test: {
          name: 'slow-alone',
          include: ['e2e/slow/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...besides],
          sequence: { groupOrder: 2 },
          // They measure time and load: each has the machine to itself.
          fileParallelism: false,
          ...patience,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      reportOnFailure: true,
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: [['text', { skipFull: true }], 'json-summary'],
    },
  },
})
