// A GPU measured in one go, where there may be neither a network nor Node.js:
//
//     npm run build && node scripts/bench/device.mjs --pack tmp/device.tar.gz     here
//     tar -xzf device.tar.gz && ./node scripts/bench/device.mjs                   there
//
// The archive (some 50 MB) holds this Node.js, the build's gpu/, vm/ and core/, and the three packages they need. The other
// machine needs its GPU driver and, on Linux, the Vulkan loader (libvulkan1). Where the loader finds no driver, name it:
// VK_DRIVER_FILES=/path/nvidia_icd.json. Both machines are of one operating system and processor family.
//
// Prints every kernel that was tried, the device's ceiling, and the lottery by size. Options: `--adapter NAME`,
// `--largest N` (default 8192), `--json FILE`. Exits with 1 when a winner was wrong.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const SIZES = [256, 512, 1_024, 2_048, 4_096, 8_192]

function option(name) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

/** Everything the measurement needs, as paths below the root. */
const PACKED = [
  'package.json',
  'scripts/bench/device.mjs',
  'dist/core',
  'dist/vm',
  'dist/gpu',
  'node_modules/@noble/hashes',
  'node_modules/hash-wasm/package.json',
  'node_modules/hash-wasm/dist/index.umd.js',
  'node_modules/webgpu/package.json',
  'node_modules/webgpu/index.js',
  `node_modules/webgpu/dist/${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`,
]

function pack(file) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-pack-'))
  try {
    for (const part of PACKED) fs.cpSync(path.join(root, part), path.join(folder, part), { recursive: true })
    fs.copyFileSync(process.execPath, path.join(folder, 'node'))
    fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true })
    const { status } = spawnSync('tar', ['-czf', path.resolve(file), '-C', folder, '.'], { stdio: 'inherit' })
    if (status !== 0) throw new Error('tar has failed')
    console.log(`${file}: ${(fs.statSync(file).size / 2 ** 20).toFixed(0)} MiB`)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const giga = (rate) => (rate / 1e9).toFixed(1)
const percent = (part, whole) => `${((100 * part) / whole).toFixed(0)} %`

async function measure() {
  const { listAdapters } = await import('../../dist/gpu/webgpu/dawn.js')
  const { measureDevice } = await import('../../dist/gpu/webgpu/measure.js')
  for (const { backend, name } of await listAdapters()) console.log(`adapter: ${name} (${backend})`)
  const adapter = option('adapter')
  const largest = Number(option('largest') ?? 8_192)
  const trials = []
  const report = await measureDevice({
    ...(adapter === undefined ? {} : { adapter }),
    sizes: SIZES.filter((n) => n <= largest),
    onTrial: (name, outcome) => {
      trials.push({ name, outcome: typeof outcome === 'number' ? outcome : outcome.message })
      console.log(`  ${name}: ${typeof outcome === 'number' ? `${giga(outcome)} GMAC/s` : outcome.message}`)
    },
  })
  const { device, kernel, ceilingMacsPerSecond: ceiling, sizes } = report
  console.log(`\n${device}\nkernel: ${kernel}\nceiling of packed dot products: ${giga(ceiling)} GMAC/s\n`)
  for (const { n, bareMacsPerSecond: bare, macsPerSecond, verified, wrong } of sizes) {
    console.log(
      `n ${n}: bare ${giga(bare)}, whole lottery ${giga(macsPerSecond)} GMAC/s, ` +
        `${percent(macsPerSecond, bare)} of bare, ${percent(macsPerSecond, ceiling)} of the ceiling; ` +
        `winners recomputed: ${verified} right, ${wrong} wrong`,
    )
  }
  const json = option('json')
  const facts = { ...report, trials, node: process.version, date: new Date().toISOString() }
  if (json !== undefined) fs.writeFileSync(json, `${JSON.stringify(facts, undefined, 2)}\n`)
  if (sizes.some(({ wrong }) => wrong > 0)) process.exitCode = 1
}

const file = option('pack')
if (file === undefined) await measure()
else pack(file)
