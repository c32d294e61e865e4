import { afterEach, describe, expect, it } from 'vitest'
import { EMPTY_BYTES, toHex } from '../core/bytes.ts'
import { FAST_PARAMS, testKey } from '../consensus/chain-fixture.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { ChainNode } from './chain-node.ts'
import { Cluster } from './cluster-fixture.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

const transfer = (sender: number, to: number, nonce: number): Uint8Array =>
  signNative(
    {
      chainId: FAST_PARAMS.chainId,
      nonce,
      maxPriorityFeePerGas: 1_000n,
      maxFeePerGas: 1_000_000n,
      action: { kind: 'TRANSFER', to: testKey(to).owner, value: 5n, memo: EMPTY_BYTES },
    },
    testKey(sender).privateKey,
  )

/** Hash of the final block at each height up to `height`, as this node has it. */
const chainOf = (node: ChainNode, height: number): string[] =>
  Array.from({ length: height + 1 }, (_, h) => toHex(node.blockByHeight(h)!.block.hash))

describe('chain node', () => {
  it('four validators and a follower finalise the same blocks over several epochs, with transfers', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    const follower = await cluster.start(4)
    for (let nonce = 0; nonce < 20; nonce++) {
      const sent = await nodes[nonce % 4]!.submit(transfer(5, 6, nonce))
      expect(sent.ok).toBe(true)
      if (nonce % 5 === 4) await cluster.until(nodes[0]!, nodes[0]!.finalized().height + 1)
    }
    for (const node of [...nodes, follower]) await cluster.until(node, 26)
    const chains = [...nodes, follower].map((node) => chainOf(node, 26))
    for (const chain of chains) expect(chain).toEqual(chains[0])
    expect(nodes[0]!.blockByHeight(26)!.block.header.epoch).toBe(3)
    const included = Array.from({ length: 27 }, (_, h) => follower.blockByHeight(h)!.transactions.length)
    expect(included.reduce((a, b) => a + b, 0)).toBe(20)
  })
})
