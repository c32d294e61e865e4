/**
 * One short exercise for each part of the pure folders, run by purity.test.ts while clocks, timers and randomness are
 * poisoned. A new part joins with one line in `EXERCISES`.
 */

import { decodeBlock, encodeBlock } from '../consensus/block.ts'
import { recoverInline } from '../consensus/replay.ts'
import { FAST_PARAMS, TestChain } from '../consensus/testing/chain.ts'
import { validateBlock } from '../consensus/validate.ts'
import { bls, pureBls } from '../core/bls.ts'
import { hexKey, utf8 } from '../core/bytes.ts'
import { keccak256, sha256 } from '../core/hash.ts'
import { MemoryStore } from '../core/kv.ts'
import { leafHash, merklePath, merkleRoot, verifyMerklePath } from '../core/merkle.ts'
import { decodeRlp, encodeRlp, encodeUint } from '../core/rlp.ts'
import { privateKeyToAddress, pureRecover, recoverAddress, signHash } from '../core/secp256k1.ts'
import { proveKeys, updateTree, VersionedTree, verifyMultiProof } from '../core/smt/index.ts'
import { Mempool } from '../mempool/mempool.ts'
import { TEST_LIMITS, TestAccounts, testAddress, testTransaction } from '../mempool/testing/fixture.ts'
import { ZK_TAG } from '../vm/zk/operands.ts'
import { toyGroth16 } from '../vm/zk/testing/toy-groth16.ts'
import { proofVerifier } from '../vm/zk/verify.ts'

const message = utf8('exercise')
const secret = sha256(message).fill(0, 0, 1)

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`exercise failed: ${what}`)
}

function signatures(): void {
  const hash = keccak256(message)
  const signature = signHash(hash, secret)
  const signer = hexKey(privateKeyToAddress(secret))
  must(hexKey(recoverAddress(hash, signature)) === signer, 'native recovery')
  must(hexKey(recoverAddress(hash, signature, pureRecover)) === signer, 'pure recovery')
  for (const scheme of [bls, pureBls]) {
    const signed = scheme.aggregate([scheme.sign(secret, message)])
    must(scheme.verifyAggregate([scheme.publicKey(secret)], message, signed), 'BLS')
  }
}

function codecsAndTrees(): void {
  const encoded = encodeRlp([encodeUint(7), [message]])
  must(hexKey(encodeRlp(decodeRlp(encoded))) === hexKey(encoded), 'RLP')
  const leaves = [1, 2, 3].map((n) => leafHash(Uint8Array.of(n)))
  must(verifyMerklePath(leaves[2]!, 2, 3, merklePath(leaves, 2), merkleRoot(leaves)), 'Merkle path')
}

async function stateTree(): Promise<void> {
  const store = new MemoryStore()
  const tree = new VersionedTree(store)
  const keys = [1, 2, 3].map((n) => sha256(Uint8Array.of(n))).sort((a, b) => Buffer.compare(a, b))
  await store.write(
    tree.commit(
      1,
      updateTree(
        tree.read,
        keys.map((key) => ({ key, valueHash: sha256(key) })),
      ),
    ),
  )
  verifyMultiProof(proveKeys(tree.read, keys), tree.root, keys)
}

function mempool(): void {
  const pool = new Mempool(TEST_LIMITS, new TestAccounts().modules())
  for (const nonce of [0, 1, 3]) must(pool.add(testTransaction({ nonce }), 1_000).ok, 'admission')
  must([...pool.select(10n)].length === 2, 'selection')
  pool.onBlock({
    included: [testTransaction({ nonce: 0 })],
    changed: [testAddress(0)],
    baseFeePerGas: 10n,
    nowMs: 2_000,
  })
}

function proofs(): void {
  must(proofVerifier().verify({ tag: ZK_TAG.groth16, ...toyGroth16(1).prove([7n]) }).ok, 'Groth16')
}

/** Builds, encodes, decodes and validates blocks: transactions, execution, state, certificates and leader election. */
function blocks(): void {
  const chain = new TestChain()
  for (let height = 1; height <= 3; height++) {
    const result = height === 3 ? [chain.transaction(6, chain.result(6, 1))] : []
    const applied = chain.build([chain.transfer(4, 5), ...result])
    const received = decodeBlock(encodeBlock(applied.block))
    must(validateBlock(received, chain.parent, chain.rules, recoverInline(FAST_PARAMS)).ok, 'block validity')
    chain.add(applied)
  }
}

export const EXERCISES: Readonly<Record<string, () => void | Promise<void>>> = {
  signatures,
  codecsAndTrees,
  stateTree,
  mempool,
  blocks,
  proofs,
}
