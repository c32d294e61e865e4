import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{core,vm,mempool,consensus,gpu,node,devnet,scripts,test}/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    testTimeout: 30_000,
  },
})
