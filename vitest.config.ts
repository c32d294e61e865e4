import os from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

const E2E = 'test/e2e/**/*.test.ts'
const FAULTS = 'test/{durability,faults}/**/*.test.ts'

/** Whole devnets, in this process and in others. */
const whole = {
  pool: 'forks' as const,
  globalSetup: ['scripts/wasm.mjs', 'test/e2e/build-once.ts'],
  testTimeout: 60_000,
}

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
          exclude: [...configDefaults.exclude, E2E, FAULTS],
          pool: 'threads',
          globalSetup: 'scripts/wasm.mjs',
          sequence: { groupOrder: 0 },
        },
      },
      // After the rest, so that neither slows the other down.
      { extends: true, test: { ...whole, name: 'e2e', include: [E2E], sequence: { groupOrder: 1 } } },
      { extends: true, test: { ...whole, name: 'faults', include: [FAULTS], sequence: { groupOrder: 2 } } },
    ],
  },
})
