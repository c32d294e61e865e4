/** Outputs whose scripts demand a proof, on four validators: opened by real receipts, and by nothing that differs in one bit. */
import fs from 'node:fs'
import { createPublicClient, type Hex, http } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { randomStream } from '../../core/random.ts'
import { P2pNode } from '../../p2p/p2p-node.ts'
import { penaltyOf } from '../../p2p/penalties.ts'
import { WEI_PER_GRAIN } from '../../vm/covenant/tables.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { covenantId } from '../../vm/kip/covenant-id.ts'
import type { KipOutput } from '../../vm/kip/types.ts'
import { decodeTransaction } from '../../vm/transaction/envelope.ts'
import { PATIENCE, privateKeyOf, TestDevnet } from './devnet-fixture.ts'
import { bodyOf, expectSupply, headerOf, type Sent, spending, VprogUser } from './vprog-fixture.ts'
import {
  CIRCUIT_FILE,
  demandingScript,
  flipped,
  type ProofCase,
  receiptCases,
  toyCase,
  witnessOf,
} from './vprog-receipts.ts'

const CASES = [toyCase(), ...receiptCases()]
const GRAINS = 700n
/** Of one sender in a minute; then a node looks at no more of them. */
const FALSE_PROOFS_OF_A_SENDER = 3
const FUNDER = 0
const SENDERS = 8
const ACCOUNTS = 1 + SENDERS * CASES.length

/** Bits that are changed, of each operand. */
const BITS: Readonly<Record<string, number>> = {
  ...{ key: 6, proof: 4, count: 1, 'input 0': 1, 'input 1': 1, 'input 2': 1, 'input 3': 1, 'input 4': 1 },
  ...{ claim: 2, control_index: 1, control_digests: 3, seal: 8 },
  ...{ journal_digest: 1, image_id: 1, control_id: 1, hashfn: 1 },
}

let net: TestDevnet
let users: VprogUser[]
beforeAll(async () => {
  const circuitFile = fs.existsSync(CIRCUIT_FILE) ? CIRCUIT_FILE : undefined
  net = await TestDevnet.start({ validators: 4, accounts: ACCOUNTS }, circuitFile)
  users = Array.from({ length: ACCOUNTS }, (_, i) => new VprogUser(net, privateKeyOf(i)))
})
afterAll(() => net.stop())

const everyNode = () => [...net.devnet.cluster.validators, net.devnet.cluster.entry]

/** A covenant of outputs under these scripts, of `GRAINS` each. */
function covenantOf(user: VprogUser, scripts: readonly Uint8Array[]): CovenantBody {
  const { outpoint } = kipTransaction(bodyOf({}), user.address, user.nonce).inputs[0]!
  const outputs: KipOutput[] = scripts.map((script) => ({ value: GRAINS, spk: { version: 0, script } }))
  const binding = { authorizingInput: 0, covenantId: covenantId(outpoint, [...outputs.entries()]) }
  return bodyOf({ outputs: outputs.map((output) => ({ ...output, binding })) })
}

/** Grains in outputs that stay shut. */
let outstanding = 0n

/** All nodes have the block, and made the same of it. */
async function everyNodeAgrees({ height, index, status }: Sent): Promise<void> {
  for (const node of everyNode()) {
    await expect.poll(() => node.finalized().height, PATIENCE).toBeGreaterThanOrEqual(height)
  }
  const seen = everyNode().map((node) => {
    const { block, receipts } = node.blockByHeight(height)!
    return { hash: toHex(block.hash), receipt: receipts[index]! }
  })
  expect(seen).toEqual(Array(5).fill(seen[0]))
  expect(seen[0]!.receipt.status).toBe(status)
}

/** For what the nodes blamed each other; that one was slow, or came in a rush, is this machine's fault. */
const blames = (): string[] =>
  everyNode().flatMap(({ network }) => {
    if (!(network instanceof P2pNode)) throw new Error('a devnet stands on sockets')
    return Object.keys(network.counters().penalties).filter((code) => penaltyOf(code).points > 1)
  })

/** As leaders who admit anything: the envelopes wait in their pools whatever the pools say to them. */
async function untilIncluded(envelopes: readonly Uint8Array[]): Promise<string[]> {
  const transactions = envelopes.map((raw) => decodeTransaction(raw, net.devnet.genesis.params.chainId))
  const entries = transactions.map((transaction) => ({ transaction, addedAtMs: Date.now() }))
  const ends = net.devnet.cluster.validators.map((node) => {
    const put = () => node.restoreMempool({ baseFeePerGas: 1_000n, entries })
    put()
    return node.subscribe(({ type }) => {
      if (type === 'tip') put()
    })
  })
  const hashes = transactions.map(({ hash }) => toHex(hash))
  for (const hash of hashes) await net.receipt(hash)
  for (const end of ends) end()
  return hashes
}

describe.each(CASES.map((proof, i) => [proof.name, proof, i] as const))('%s', (name, honest, at) => {
  const broken = flipped(honest, randomStream(1, name), BITS)
  const funder = () => users[FUNDER]!
  const sender = (i: number) => users[1 + SENDERS * at + i]!
  let made: Sent
  /** Those of the changed proofs whose change is in the script have an output of their own. */
  const scripts = [honest, ...broken].map(demandingScript)
  const distinct = [...new Map(scripts.map((script) => [toHex(script), script])).values()]
  const outputUnder = (script: Uint8Array) => distinct.findIndex((one) => toHex(one) === toHex(script))
  const opening = (proof: ProofCase): CovenantBody =>
    bodyOf({ inputs: [spending(made.output(outputUnder(demandingScript(proof))), witnessOf(proof))] })

  it('stands in the way of some outputs', async () => {
    made = await funder().send(covenantOf(funder(), distinct))
    expect(made.status).toBe(1)
    await everyNodeAgrees(made)
  })

  it('with one bit changed is refused, wherever the bit is', async () => {
    for (const [i, proof] of broken.entries()) {
      const { code, message, data } = await sender(Math.floor(i / FALSE_PROOFS_OF_A_SENDER)).refusal(
        opening(proof),
        proof.gram,
      )
      expect([proof.name, code, data.tag, message]).toEqual([
        ...[proof.name, -32003, 'SCRIPT_FAILED', expect.stringContaining('ZK_INTEGRITY: ZK_')],
      ])
    }
  })

  it('with one bit changed fails in a block, costs its sender the fee, and changes nothing else', async () => {
    const operandOf = (proof: ProofCase) => proof.name.replace(/, bit .*/, '')
    const oneOfEach = [...new Map(broken.map((proof) => [operandOf(proof), proof])).values()].slice(0, SENDERS)
    const before = await Promise.all(oneOfEach.map((_, i) => sender(i).balance()))
    const bodies = oneOfEach.map(opening)
    const hashes = await untilIncluded(bodies.map((body, i) => sender(i).envelope(body, honest.gram)))
    for (const [i, hash] of hashes.entries()) {
      const sent = await sender(i).included(hash, bodies[i]!)
      expect(sent.status).toBe(0)
      await everyNodeAgrees(sent)
      expect(before[i]! - (await sender(i).balance())).toBe(sent.feeWei)
    }
    // Whoever led, voted or passed them on did as it should.
    expect(blames()).toEqual([])
    const { height } = await headerOf(net, 'finalized')
    await expectSupply(net, height, outstanding + GRAINS * BigInt(distinct.length))
  })

  it('opens its output', async () => {
    const before = await funder().balance()
    const opened = await funder().send(opening(honest), honest.gram)
    expect(opened.status).toBe(1)
    expect(opened.gasUsed).toBeGreaterThan(140_000)
    const viem = createPublicClient({ chain: net.chain, transport: http() })
    expect(await viem.getTransactionReceipt({ hash: opened.hash as Hex })).toMatchObject({ status: 'success' })
    await everyNodeAgrees(opened)
    expect((await funder().balance()) - before).toBe(GRAINS * WEI_PER_GRAIN - opened.feeWei)
    expect((await funder().refusal(opening(honest), honest.gram)).data.tag).toBe('OUTPUT_UNKNOWN')
    outstanding += GRAINS * BigInt(distinct.length - 1)
    await expectSupply(net, opened.height, outstanding)
  })
})
