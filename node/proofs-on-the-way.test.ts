/** Proofs from a user to a final block, in nodes whose event loop can verify none of them. */
import { afterEach, expect, it } from 'vitest'
import { developmentKeyOf } from '../vm/zk/development.ts'
import { type ProofVerifier, proofVerifier } from '../vm/zk/verify.ts'
import { Cluster, chainOf } from './testing/cluster.ts'
import {
  CountingThread,
  countingPool,
  PROOF_PARAMS,
  PROOF_SECRET,
  ProofChain,
  proofScript,
  RECEIPT_SCRIPT,
  unaskedVerifier,
} from './validator/proofs-fixture.ts'
import type { NodeProofs } from './zk/proofs.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

/** To whom every receipt of RISC Zero's is a good one. */
const withCircuit = proofVerifier({ developmentKey: developmentKeyOf(PROOF_SECRET), succinct: () => {} })
const withoutCircuit = proofVerifier({ developmentKey: developmentKeyOf(PROOF_SECRET) })

const inThreads = (verifier: ProofVerifier): NodeProofs => ({
  verifier: unaskedVerifier,
  ahead: countingPool(new CountingThread(verifier)),
})

it('become final where they can be verified, and end a node that cannot', async () => {
  cluster = new Cluster(2, PROOF_PARAMS)
  const nodes = await Promise.all([0, 1].map((i) => cluster.start(i, { proofs: inThreads(withCircuit) })))
  const failures: unknown[] = []
  const onFailure = (error: unknown) => failures.push(error)
  const blind = await cluster.start(2, { proofs: inThreads(withoutCircuit), onFailure })

  const chain = new ProofChain()
  const { transaction, at } = chain.lock(4, 4)
  const follower = nodes[1]!
  const included = () => [1, 2, 3].map((i) => follower.transactionByHash(spends[i - 1]!.hash))
  const spends = [
    chain.spend(4, [at[0]!], [proofScript(1)]),
    chain.spend(5, [at[1]!], [proofScript(2)]),
    chain.spend(4, [at[2]!], [RECEIPT_SCRIPT]),
  ]
  expect(await nodes[0]!.submit(transaction.raw)).toMatchObject({ ok: true })
  await cluster.until(follower, () => follower.transactionByHash(transaction.hash) !== undefined)
  for (const { raw } of spends.slice(0, 2)) expect(await nodes[0]!.submit(raw)).toMatchObject({ ok: true })
  await cluster.until(blind, () => blind.transactionByHash(spends[1]!.hash) !== undefined)
  expect(failures).toEqual([])

  expect(await blind.submit(spends[2]!.raw)).toMatchObject({ ok: false, error: { code: 'ZK_CIRCUIT_MISSING' } })
  expect(await nodes[0]!.submit(spends[2]!.raw)).toMatchObject({ ok: true })
  await cluster.until(follower, () => included().every((found) => found !== undefined))
  expect(included().map((found) => found!.executed.receipts[found!.index]!.status)).toEqual([1, 1, 1])
  const { height } = included()[2]!.executed.block.header
  await cluster.until(follower, height)
  await cluster.until(follower, () => failures.length > 0)
  expect(failures).toMatchObject([{ code: 'ZK_CIRCUIT_MISSING', meta: { height } }])
  expect(blind.latest().height).toBeLessThan(height)
  expect(chainOf(nodes[0]!, height)).toEqual(chainOf(follower, height))
})
