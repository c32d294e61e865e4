import os from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

const E2E = 'test/{e2e,durability,faults}/**/*.test.ts'

export default defineConfig({
  test: {
    isolate: false,
    // vitest leaves one core for itself, of two as of twenty; it needs little of it once the files are compiled.
    maxWorkers: os.availableParallelism(),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{core,vm,mempool,consensus,p2p,gpu,node,devnet,scripts,test}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, E2E],
          pool: 'threads',
          globalSetup: 'scripts/wasm.mjs',
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole devnets, in this process and in others: after the rest, so that neither slows the other down.
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          pool: 'forks',
          globalSetup: ['scripts/wasm.mjs', 'test/e2e/build-once.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
