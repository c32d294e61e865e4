/**
 * RISC Zero succinct receipts, tag 0x21: operands from the stack, then what is cheap, then the STARK.
 *
 * Z1  digests have 32 bytes, the hash function is Poseidon2, seal and paths come in whole words and digests
 * Z2  the seal's outputs name the allowed control root and the claim
 * Z3  the claim is that `imageId` halted and wrote `journalDigest`
 * Z4  the seal proves a run of the program `controlId`, and that program is under the control root
 *
 * The order differs from RISC Zero's: who sends nonsense costs us three hashes, not a STARK. The verdict differs for one thing,
 * a control index with bits beyond its path.
 */
import { equalBytes, type Hash } from '../../../core/bytes.ts'
import { ZkError } from '../errors.ts'
import { decode, P } from './babybear.ts'
import { OUTPUT_WORDS, type RecursionCircuit } from './circuit.ts'
import { claimDigest } from './claim.ts'
import { DIGEST_WORDS, type LoadPoseidon2, type Poseidon2, purePoseidon2 } from './poseidon2.ts'
import { verifyStark } from './stark.ts'
import { formatError } from './transcript.ts'

/** As they stand on the stack, the first of them deepest. */
export interface SuccinctOperands {
  readonly claim: Uint8Array
  readonly controlIndex: Uint8Array
  readonly controlDigests: Uint8Array
  readonly seal: Uint8Array
  readonly journalDigest: Uint8Array
  readonly imageId: Uint8Array
  readonly controlId: Uint8Array
  readonly hashFunction: Uint8Array
}

/** Programs lie in a tree of 2^8 leaves. */
const MAX_CONTROL_PATH = 8
const POSEIDON2_ID = 1
/** BLAKE2b, Poseidon2, SHA-256: RISC Zero has these three, of which recursion uses one. */
const KNOWN_HASHES = 3

export type VerifySuccinct = (operands: SuccinctOperands) => void

/** A verifier of receipts; it throws ZkError. Holds state while it works: one receipt at a time. */
export function succinctVerifier(circuit: RecursionCircuit, loadHash: LoadPoseidon2 = purePoseidon2): VerifySuccinct {
  const hash = loadHash(circuit.poseidon2)
  const controlRoot = wordsOf(circuit.controlRoot)
  return (operands) => {
    const receipt = readOperands(operands)
    checkOutputs(receipt.seal, controlRoot, operands.claim)
    if (!equalBytes(operands.claim, claimDigest(operands.imageId, operands.journalDigest))) {
      throw new ZkError(
        'ZK_CLAIM_MISMATCH',
        'the claim is about another image id or journal: send the digests it was made for',
      )
    }
    verifyStark(circuit, hash, receipt.seal, (codeRoot) => {
      if (!equalWords(codeRoot, receipt.controlId)) {
        throw new ZkError('ZK_CONTROL_MISMATCH', 'the seal proves another program than the control id names')
      }
      if (!equalWords(pathRoot(hash, codeRoot, receipt), controlRoot)) {
        throw new ZkError('ZK_CONTROL_MISMATCH', 'the control id is not under the allowed control root')
      }
    })
  }
}

interface Receipt {
  readonly seal: Int32Array
  readonly controlId: Int32Array
  readonly controlIndex: number
  readonly controlPath: readonly Int32Array[]
}

// Z1
function readOperands(operands: SuccinctOperands): Receipt {
  const { claim, journalDigest, imageId, controlId, controlIndex, controlDigests, hashFunction, seal } = operands
  for (const [name, digest] of Object.entries({ claim, journalDigest, imageId, controlId })) {
    if (digest.length !== 32)
      throw new ZkError('ZK_DIGEST_LENGTH', `${name} has ${digest.length} bytes: a digest has 32`)
  }
  if (hashFunction.length !== 1) {
    throw new ZkError('ZK_HASH_LENGTH', `the hash function has ${hashFunction.length} bytes: it is one byte`)
  }
  const hashId = hashFunction[0]!
  if (hashId >= KNOWN_HASHES)
    throw new ZkError('ZK_HASH_UNKNOWN', `there is no hash function ${hashId}: use 1, Poseidon2`)
  if (hashId !== POSEIDON2_ID) {
    throw new ZkError('ZK_HASH_UNSUPPORTED', `hash function ${hashId} is not accepted: use 1, Poseidon2`)
  }
  if (controlIndex.length !== 4) {
    throw new ZkError('ZK_CONTROL_INDEX_LENGTH', `the control index has ${controlIndex.length} bytes: it is a u32`)
  }
  if (controlDigests.length % 32 !== 0) {
    throw new ZkError(
      'ZK_CONTROL_PATH_LENGTH',
      `the control path has ${controlDigests.length} bytes: digests have 32 each`,
    )
  }
  if (controlDigests.length > MAX_CONTROL_PATH * 32) {
    throw new ZkError('ZK_CONTROL_PATH_TOO_LONG', `the control path has more than ${MAX_CONTROL_PATH} digests`)
  }
  if (seal.length % 4 !== 0) {
    throw new ZkError('ZK_SEAL_LENGTH', `the seal has ${seal.length} bytes: it consists of words of 4`)
  }
  return {
    seal: wordsOf(seal),
    controlId: wordsOf(controlId),
    controlIndex: wordsOf(controlIndex)[0]! >>> 0,
    controlPath: Array.from({ length: controlDigests.length / 32 }, (_, i) =>
      wordsOf(controlDigests.subarray(32 * i, 32 * i + 32)),
    ),
  }
}

// Z2: the even ones of words 0 to 15 are a Poseidon2 digest, words 16 to 31 are a SHA-256 digest in half words.
function checkOutputs(seal: Int32Array, controlRoot: Int32Array, claim: Hash): void {
  if (seal.length <= OUTPUT_WORDS) throw formatError('the seal ends early')
  const outputs = Array.from(seal.subarray(0, OUTPUT_WORDS), (word) => {
    if (word >>> 0 >= P) throw formatError('the seal holds a word outside the field')
    return decode(word)
  })
  const root = Int32Array.from({ length: DIGEST_WORDS }, (_, i) => outputs[2 * i]!)
  if (!equalWords(root, controlRoot)) {
    throw new ZkError('ZK_CONTROL_MISMATCH', 'the seal was made for another control root: use RISC Zero 3.0')
  }
  const isClaim = outputs.slice(16).every((half, i) => half === (claim[2 * i]! | (claim[2 * i + 1]! << 8)))
  if (!isClaim) throw new ZkError('ZK_OUTPUT_MISMATCH', 'the seal proves another claim')
}

// Z4
function pathRoot(hash: Poseidon2, leaf: Int32Array, { controlIndex, controlPath }: Receipt): Int32Array {
  // RISC Zero overlooks them, which gives one receipt many spellings.
  if (controlIndex >>> controlPath.length !== 0) {
    throw new ZkError('ZK_CONTROL_MISMATCH', 'the control index has bits beyond its path')
  }
  const pair = new Int32Array(2 * DIGEST_WORDS)
  let node = leaf
  for (const [level, sibling] of controlPath.entries()) {
    if (sibling.some((word) => word >>> 0 >= P))
      throw new ZkError('ZK_CONTROL_MISMATCH', 'the control path leaves the field')
    const own = (controlIndex >>> level) & 1
    pair.set(node, own * DIGEST_WORDS)
    pair.set(sibling, (1 - own) * DIGEST_WORDS)
    node = hash.hash(pair, 0, pair.length)
  }
  return node
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = new Int32Array(bytes.length / 4)
  for (let i = 0; i < words.length; i++) words[i] = view.getInt32(4 * i, true)
  return words
}

const equalWords = (a: Int32Array, b: Int32Array): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i])
