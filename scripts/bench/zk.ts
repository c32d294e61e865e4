/**
 * Proofs that L1 verifies, on one core: Groth16 by mcl and by noble against snarkjs; RISC Zero succinct receipts by
 * WebAssembly against plain TypeScript. A receipt and the circuit's table come from outside the repository.
 * Run: npx tsx scripts/bench/zk.ts [--rounds N] [--circuit FILE] [--receipt FILE]
 */
import fs from 'node:fs'
import { groth16 as snark } from 'snarkjs'
import { fromHex } from '../../core/bytes.ts'
import { readCircuit } from '../../node/zk/proof-systems.ts'
import { wasmPoseidon2 } from '../../node/zk/wasm/kernel.ts'
import { type CompressedPoint, decodeInput, decodeKey, decodeProof } from '../../vm/zk/groth16/encoding.ts'
import { type Groth16Statement, groth16Verifier } from '../../vm/zk/groth16/groth16.ts'
import { loadMclCurve } from '../../vm/zk/groth16/mcl-curve.ts'
import { nobleCurve } from '../../vm/zk/groth16/noble-curve.ts'
import { purePoseidon2 } from '../../vm/zk/risc0/poseidon2.ts'
import { type SuccinctOperands, succinctVerifier } from '../../vm/zk/risc0/receipt.ts'
import { toyGroth16 } from '../../vm/zk/testing/toy-groth16.ts'
import { median, numberOption, printTable, secondsOf, textOption, times } from './report.ts'

const INPUTS = 5
const BATCH = 16
const rounds = numberOption('rounds', 15)
const circuitFile = textOption('circuit') ?? '../shared/vectors/risc0_recursion_circuit.json'
const receiptFile = textOption('receipt') ?? '../shared/vectors/risc0_succinct_kip16.json'

const rows: string[][] = []

/** Each in turn, `rounds` times, after two rounds untimed; rows of medians, the last of them the baseline. */
async function race(contenders: readonly (readonly [string, () => unknown])[]): Promise<void> {
  const figures = contenders.map((): number[] => [])
  for (let round = -2; round < rounds; round++) {
    for (const [i, [, run]] of contenders.entries()) {
      const seconds = await secondsOf(async () => {
        await run()
      })
      if (round >= 0) figures[i]!.push(seconds * 1_000)
    }
  }
  const baseline = median(figures.at(-1)!)
  for (const [i, [label]] of contenders.entries()) {
    const ms = median(figures[i]!)
    rows.push([label, ms.toFixed(2), Math.min(...figures[i]!).toFixed(2), times(baseline / ms)])
  }
}

const must = (verdict: { readonly ok: boolean } | boolean): void => {
  if (verdict === false || (typeof verdict === 'object' && !verdict.ok)) throw new Error('a good proof was refused')
}

const toy = toyGroth16(INPUTS)
const statements = Array.from({ length: BATCH }, (_, i) =>
  toy.prove(Array.from({ length: INPUTS }, (_, j) => BigInt(i * INPUTS + j + 2))),
)

// snarkjs takes affine coordinates in decimal.
const decimalG1 = (point: CompressedPoint): string[] => {
  const { x, y } = nobleCurve.g1(point).toAffine()
  return [String(x), String(y), '1']
}
const decimalG2 = (point: CompressedPoint): string[][] => {
  const { x, y } = nobleCurve.g2(point).toAffine()
  return [
    [String(x.c0), String(x.c1)],
    [String(y.c0), String(y.c1)],
    ['1', '0'],
  ]
}
const key = decodeKey(toy.key, INPUTS)
const snarkKey = {
  protocol: 'groth16',
  curve: 'bn128',
  nPublic: INPUTS,
  vk_alpha_1: decimalG1(key.alpha),
  vk_beta_2: decimalG2(key.beta),
  vk_gamma_2: decimalG2(key.gamma),
  vk_delta_2: decimalG2(key.delta),
  IC: key.gammaAbc.map(decimalG1),
}
const snarkStatement = ({ proof, inputs }: Groth16Statement) => {
  const { a, b, c } = decodeProof(proof)
  return {
    proof: { protocol: 'groth16', curve: 'bn128', pi_a: decimalG1(a), pi_b: decimalG2(b), pi_c: decimalG1(c) },
    signals: inputs.map((input) => String(decodeInput(input))),
  }
}
const snarks = statements.map(snarkStatement)

const curve = await loadMclCurve()
const fast = groth16Verifier(curve)
const noble = groth16Verifier(nobleCurve)
await race([
  ['Groth16, mcl, known key', () => must(fast.verify(statements[0]!))],
  ['Groth16, mcl, new key', () => must(groth16Verifier(curve).verify(statements[0]!))],
  ['Groth16, noble, known key', () => must(noble.verify(statements[0]!))],
  ['Groth16, snarkjs', async () => must(await snark.verify(snarkKey, snarks[0]!.signals, snarks[0]!.proof))],
])
await race([
  [`${BATCH} of one key, mcl, together`, () => fast.verifyBatch(statements).forEach(must)],
  [`${BATCH} of one key, mcl, one by one`, () => statements.map((one) => fast.verify(one)).forEach(must)],
  [
    `${BATCH} of one key, snarkjs`,
    async () => {
      for (const { signals, proof } of snarks) must(await snark.verify(snarkKey, signals, proof))
    },
  ],
])
// snarkjs leaves worker threads behind, which would keep the process alive.
await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate()

if (fs.existsSync(circuitFile) && fs.existsSync(receiptFile)) {
  const file = JSON.parse(fs.readFileSync(receiptFile, 'utf8')) as Readonly<Record<string, string>>
  const field = (name: string) => fromHex(file[name]!)
  const receipt: SuccinctOperands = {
    claim: field('claim'),
    controlIndex: field('control_index'),
    controlDigests: field('control_digests'),
    seal: field('seal'),
    journalDigest: field('journal_digest'),
    imageId: field('image_id'),
    controlId: field('control_id'),
    hashFunction: field('hashfn'),
  }
  const circuit = readCircuit(circuitFile)
  const wasm = succinctVerifier(circuit, wasmPoseidon2)
  const plain = succinctVerifier(circuit, purePoseidon2)
  await race([
    ['RISC Zero succinct, WebAssembly', () => wasm(receipt)],
    ['RISC Zero succinct, plain TypeScript', () => plain(receipt)],
  ])
} else {
  console.error(`no ${circuitFile} or ${receiptFile}: receipts are not measured`)
}

printTable(['', 'median ms', 'best ms', 'against the last of its group'], rows)
