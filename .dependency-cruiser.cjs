/**
 * Who may import whom (ARCHITECTURE.md): core <- vm <- mempool <- consensus <- p2p <- node <- devnet; gpu stands beside,
 * on core and vm alone. `test/architecture.test.ts` runs this file, checks that it saw every module, and looks for
 * cycles itself: this parser cannot tell an `import type`, which vanishes at run time, from an import.
 */
const LAYERS = ['core', 'vm', 'mempool', 'consensus', 'p2p', 'node', 'devnet']
const PURE = '^(core|vm|mempool|consensus)/'
const FOLDERS = [...LAYERS, 'gpu', 'scripts', 'test']

/** Tests and what only they import may reach across folders; they never ship. */
const TEST_ONLY = ['\\.test\\.ts$', '[/-]fixture[a-z-]*\\.ts$', '/arbitraries\\.ts$', '/testing/', '^test/']
const SHIPPED = { path: `^(${[...LAYERS, 'gpu'].join('|')})/`, pathNot: TEST_ONLY }

/** A layer may import itself and the layers before it. */
const layerRules = LAYERS.map((layer, at) => {
  const allowed = [...LAYERS.slice(0, at + 1), ...(at >= LAYERS.indexOf('node') ? ['gpu'] : [])]
  return {
    name: `layer-${layer}`,
    comment: `${layer} imports only ${allowed.join(', ')}: move the code down, or pass it in as an argument`,
    severity: 'error',
    from: { path: `^${layer}/`, pathNot: TEST_ONLY },
    to: { path: `^(${FOLDERS.filter((folder) => !allowed.includes(folder)).join('|')})/` },
  }
})

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'layer-gpu',
      comment: 'gpu imports only core and vm',
      severity: 'error',
      from: { path: '^gpu/', pathNot: TEST_ONLY },
      to: { path: `^(${FOLDERS.filter((folder) => !['gpu', 'core', 'vm'].includes(folder)).join('|')})/` },
    },
    {
      name: 'pure-no-node',
      comment: 'core, vm, mempool and consensus do no I/O: clocks, storage and network come in as arguments',
      severity: 'error',
      from: { path: PURE, pathNot: TEST_ONLY },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-packages',
      comment: 'pure folders import hashes, curves and text codecs only; everything else may do I/O',
      severity: 'error',
      from: { path: PURE, pathNot: TEST_ONLY },
      to: {
        path: 'node_modules/',
        pathNot: 'node_modules/(@noble/(hashes|curves)|@scure/base|@chainsafe/blst|hash-wasm|mcl-wasm|secp256k1)/',
      },
    },
    {
      name: 'no-test-code-shipped',
      comment: 'tests and fixtures are not part of the build',
      severity: 'error',
      from: SHIPPED,
      to: { path: TEST_ONLY },
    },
    {
      name: 'no-dev-package-shipped',
      comment: 'what ships runs without devDependencies',
      severity: 'error',
      from: SHIPPED,
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'an import that resolves to nothing hides the arrow it stands for',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // With TypeScript 7 the default parser sees next to nothing, and then finds nothing wrong.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
