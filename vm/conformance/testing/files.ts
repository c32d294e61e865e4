/** A file of each kind, made here: what its checks hold is true by the formulas, proofs and trees it is made from. */
import { bn254 } from '@noble/curves/bn254.js'
import { bigIntToBytes, compareBytes, concatBytes, hexKey, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { encodeMultiProof, proveKeys } from '../../../core/smt/index.ts'
import { MapTree } from '../../../core/smt/testing/arbitraries.ts'
import { transactionId } from '../../kip/hashing.ts'
import * as formulas from '../../lanes/hashing.ts'
import { encodeLaneProof, type LaneProof } from '../../lanes/proof.ts'
import { EMPTY_LANES, lanesRoot } from '../../lanes/tree.ts'
import { encodeField } from '../../zk/groth16/compress.ts'
import { type CompressedPoint, decodeKey, decodeProof, littleEndian } from '../../zk/groth16/encoding.ts'
import { nobleCurve } from '../../zk/groth16/noble-curve.ts'
import { claimDigest, claimInputs } from '../../zk/risc0/claim.ts'
import { groth16ParametersDigest } from '../../zk/risc0/groth16-receipt.ts'
import { affineG1, affineG2, toyGroth16 } from '../../zk/testing/toy-groth16.ts'
import { proveToyReceipt } from '../../zk/testing/toy-stark.ts'
import { JsonValue } from '../json-value.ts'
import { readTransaction } from '../kip-json.ts'

const { Fr } = bn254.fields
const { g1, g2 } = nobleCurve

const hashOf = (n: number): Uint8Array => sha256(Uint8Array.of(n))

export function groth16File() {
  const { key, proof, inputs } = toyGroth16(2).prove([3n, 5n])
  const refusal = (name: string, op: object, error: string) => ({ name, op, expect: false, error })
  return {
    vk: hexKey(key),
    proof: hexKey(proof),
    inputs: inputs.map(hexKey),
    expect: true,
    mutations: [
      refusal('one input less', { inputs: 'pop' }, 'arity mismatch'),
      refusal('one input more', { inputs: 'push inputs[0]' }, 'arity mismatch'),
      refusal('an input out of the field', { 'inputs[1]': 'ff*32' }, 'field element not canonical'),
      refusal('another input', { 'inputs[0]': 'byte 0 xor 01' }, 'verification failed'),
      refusal('a short key', { vk: 'drop last byte' }, 'vk deserialization'),
      refusal('a long proof', { proof: 'append 00' }, 'proof trailing bytes'),
      refusal('a key without inputs', { vk: 'count=0, drop all IC points' }, 'empty gamma_abc_g1'),
      refusal('a key of infinity', { vk: 'alpha := infinity' }, 'verification failed'),
      refusal('a proof of infinity', { proof: 'A := infinity' }, 'verification failed'),
    ],
  }
}

export function succinctFile() {
  const { circuit, operands } = proveToyReceipt()
  const refusal = (name: string, op: object, error: string) => ({ name, op, expect: false, error })
  const file = {
    claim: hexKey(operands.claim),
    control_index: hexKey(operands.controlIndex),
    control_digests: hexKey(operands.controlDigests),
    seal: hexKey(operands.seal),
    journal_digest: hexKey(operands.journalDigest),
    image_id: hexKey(operands.imageId),
    control_id: hexKey(operands.controlId),
    hashfn: hexKey(operands.hashFunction),
    expect: true,
    mutations: [
      refusal('an empty seal', { seal: 'empty' }, 'invalid receipt format'),
      refusal('a word outside the field', { 'seal word 31': '2013265921' }, 'invalid receipt format'),
      refusal('a header alone', { seal: 'keep 33 words' }, 'invalid receipt format'),
      refusal('a path of three', { control_digests: 'append 32 zero bytes' }, 'control id mismatch'),
      refusal('a path of one', { control_digests: 'drop last 32' }, 'control id mismatch'),
      refusal('no hash function', { hashfn: '03' }, 'invalid hash fn id 3'),
      refusal('another claim', { claim: 'byte0 xor 01' }, 'seal output hash != claim'),
    ],
  }
  return { circuit, file }
}

/** A square root of a public input, where it has one. */
function rootOf(input: Uint8Array): bigint | undefined {
  try {
    return Fr.sqrt(littleEndian(input))
  } catch {
    return undefined
  }
}

/** The toy circuit proves roots of its inputs, so a journal is sought whose claim has them. */
export function risc0Groth16File() {
  const square = (root: number) => encodeField(BigInt(root * root))
  const controlRoot = (low: number, high: number) =>
    concatBytes(square(low).subarray(0, 16), square(high).subarray(0, 16))
  const [own, identity, imageId, keyDigest] = [controlRoot(3, 4), square(5), hashOf(6), hashOf(7)]
  const rootsFor = (journalDigest: Uint8Array) =>
    claimInputs(own, claimDigest(imageId, journalDigest), identity).map(rootOf)
  let journal = hashOf(8)
  while (rootsFor(journal).includes(undefined)) journal = sha256(journal)
  const { key, proof } = toyGroth16(5).prove(rootsFor(journal).map((root) => root!))

  const big = (value: bigint) => bigIntToBytes(value, 32)
  const { a, b, c } = decodeProof(proof)
  const [[ax, ay], [bx, by], [cx, cy]] = [affineG1(g1(a)), affineG2(g2(b)), affineG1(g1(c))]
  const selector = groth16ParametersDigest(own, identity, keyDigest).subarray(0, 4)
  const points = decodeKey(key, 5)
  const decimalG1 = (name: string, point: CompressedPoint) => {
    const [x, y] = affineG1(g1(point))
    return { [`${name}x`]: `${x}`, [`${name}y`]: `${y}` }
  }
  const decimalG2 = (name: string, point: CompressedPoint) => {
    const [x, y] = affineG2(g2(point))
    return { [`${name}x1`]: `${x[1]}`, [`${name}x2`]: `${x[0]}`, [`${name}y1`]: `${y[1]}`, [`${name}y2`]: `${y[0]}` }
  }
  return {
    verifying_key_decimal: {
      ...decimalG1('alpha', points.alpha),
      ...decimalG2('beta', points.beta),
      ...decimalG2('gamma', points.gamma),
      ...decimalG2('delta', points.delta),
      ...Object.assign({}, ...points.gammaAbc.map((point, i) => decimalG1(`IC${i}`, point))),
    },
    vk_digest: hexKey(keyDigest),
    current_bn254_control_id_big_endian: hexKey(identity.toReversed()),
    control_roots: { note: 'of two releases', '1.0': hexKey(own), '2.0': hexKey(controlRoot(6, 7)) },
    receipts: [
      {
        version: '1.0',
        seal: hexKey(concatBytes(selector, ...[ax, ay, bx[1], bx[0], by[1], by[0], cx, cy].map(big))),
        image_id: hexKey(imageId),
        journal_digest: hexKey(journal),
        claim_digest: hexKey(claimDigest(imageId, journal)),
        control_root: hexKey(own),
        expect: true,
      },
    ],
  }
}

export function lanesFile() {
  const [key, other] = [hashOf(1), hashOf(2)]
  const leaf = hashOf(3)
  // Of one lane: it stands alone below the root, and every other key meets it there.
  const collapsed: LaneProof = {
    bitmap: new Uint8Array(32).fill(255),
    terminal: { kind: 'collapsed', depth: 0 },
    siblings: [],
  }
  const absent: LaneProof = { ...collapsed, terminal: { kind: 'other', depth: 0, key, leaf } }
  return {
    empty_hashes: EMPTY_LANES.map(hexKey),
    trees: [
      {
        leaves: [[hexKey(key), hexKey(leaf)]],
        root: hexKey(lanesRoot([{ key, leaf }])),
        proofs: [
          { key: hexKey(key), leaf: hexKey(leaf), proof: hexKey(encodeLaneProof(collapsed)) },
          { key: hexKey(other), leaf: null, proof: hexKey(encodeLaneProof(absent)) },
        ],
      },
    ],
  }
}

export function smtFile() {
  const keys = [hashOf(1), hashOf(2), hashOf(3)].sort(compareBytes)
  const [before, after] = [hashOf(4), hashOf(5)]
  const tree = new MapTree()
  tree.write(keys.slice(0, 2).map((key) => ({ key, valueHash: before })))
  const previous = hexKey(tree.root)
  const proof = hexKey(encodeMultiProof(proveKeys(tree.read, keys)))
  tree.write(keys.map((key) => ({ key, valueHash: after })))
  return {
    scenarios: [
      {
        name: 'two keys, then three',
        versions: [
          { version: 1, writes: keys.slice(0, 2).map((key) => [hexKey(key), hexKey(before)]), root: previous },
        ],
        proofs: [
          {
            version: 1,
            keys: keys.map(hexKey),
            old_value_hashes: [before, before, ZERO_HASH].map(hexKey),
            new_value_hashes: keys.map(() => hexKey(after)),
            proof,
            prev_root: previous,
            new_root: hexKey(tree.root),
          },
        ],
      },
    ],
  }
}

/** Genesis, and a block that accepts its coinbase. */
export function dagLines(): string[] {
  const laneId = `01${'00'.repeat(19)}`
  const coinbase = {
    version: 0,
    inputs: [],
    outputs: [{ value: 5, scriptPublicKey: '000051' }],
    lockTime: 0,
    subnetworkId: laneId,
    gas: 0,
    payload: '6d696e6572',
  }
  const read = readTransaction(new JsonValue(coinbase, 'coinbase'))
  const [genesis, block] = [hashOf(1), hashOf(2)]
  const key = formulas.laneKey(read.subnetworkId)
  const context = formulas.contextHash({ timestampMs: 1_000, daaScore: 1, blueScore: 1 })
  const digest = formulas.activityDigest([{ txId: transactionId(read), version: 0, mergeIndex: 0 }])
  const tip = formulas.nextTip(ZERO_HASH, key, digest, context)
  const miner = formulas.minerLeaf(genesis, formulas.strippedBigEndian(0n), read.payload)
  const commitment = formulas.commitmentOf(lanesRoot([{ key, leaf: formulas.laneLeaf(tip, 1) }]), {
    parentSeqCommit: ZERO_HASH,
    inactivityShortcut: ZERO_HASH,
    payloadAndContext: formulas.payloadAndContext(context, formulas.paddedRoot([miner])),
  })
  const header = (hash: Uint8Array, parents: string[][], score: number, seqCommit: Uint8Array) => ({
    hash: hexKey(hash),
    parentsByLevel: parents,
    acceptedIdMerkleRoot: hexKey(seqCommit),
    timestamp: 1_000 + 500 * score,
    daaScore: score,
    blueScore: score,
    blueWork: `0${score}`,
  })
  return [
    { blockrate: { finality_depth: 100 } },
    { header: header(genesis, [], 0, ZERO_HASH), transactions: [coinbase] },
    { header: header(block, [[hexKey(genesis)]], 1, commitment), transactions: [coinbase] },
  ].map((line) => JSON.stringify(line))
}

export const scriptFile = (): string[][] => [
  ['a comment stands alone'],
  ['1 2', 'ADD 3 EQUAL', '', 'OK', 'sums'],
  ['1', 'VERIFY', '', 'EMPTY_STACK'],
  ['', 'RETURN', '', 'OP_RETURN'],
  ['1', 'CHECKSIG', '', 'INVALID_STACK_OPERATION'],
]
