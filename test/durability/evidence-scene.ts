/** A cluster in which one validator signs twice when it is told to, and in which a test can speak for any peer. */
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Evidence } from '../../consensus/simplex/types.ts'
import { testKey, withHeader } from '../../consensus/testing/chain.ts'
import type { Block } from '../../consensus/types.ts'
import { proposalBytes, signerOf, signVote } from '../../consensus/vote.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { ChainNode, ChainNodeOptions } from '../../node/chain-node.ts'
import type { Cluster } from '../../node/testing/cluster.ts'
import type { NetworkMessage, Transport, TransportHandlers, Verdict } from '../../p2p/transport.ts'
import { statementBytes } from '../../vm/statement.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action, SignedStatement } from '../../vm/transaction/types.ts'
import { type Tap, tapped } from './tapped-transport.ts'

export const nameOf = (i: number): string => `node-${i}`

/** The account of validator i pays for what it reports. */
export const reporterOf = (i: number) => ({ address: testKey(i).owner, privateKey: testKey(i).privateKey })

/** A signed transaction, with the next nonce that `node` knows of. */
export function signedBy(sender: number, action: Action, node: ChainNode): Uint8Array {
  const { owner, privateKey } = testKey(sender)
  const { chainId } = node.genesis.params
  const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
  return signNative({ chainId, nonce: node.pool().pendingNonce(owner), ...fees, action }, privateKey)
}

/** Where a statement stands, and who signed it on which chain. */
interface SignedAt {
  readonly epoch: number
  readonly view: number
  readonly signer: number
  readonly genesisHash: Hash
}

export function statement(
  scheme: Pick<BlsScheme, 'sign'>,
  type: SignedStatement['type'],
  blockHash: Hash,
  { epoch, view, signer, genesisHash }: SignedAt,
): SignedStatement {
  const message = statementBytes(type, genesisHash, epoch, view, blockHash)
  return { type, blockHash, signature: scheme.sign(testKey(signer).blsSecretKey, message) }
}

/** Lets a test hand messages to a node in the name of a peer, and see what the node answers. */
export function heard(inner: Transport): {
  readonly transport: Transport
  hear(message: NetworkMessage): Promise<Verdict>
} {
  let handlers: TransportHandlers | undefined
  return {
    transport: {
      ...tapped(inner, (message) => [message]),
      start: (given) => {
        handlers = given
        inner.start(given)
      },
    },
    hear: async (message) => {
      assert(handlers !== undefined, 'the node has not started')
      return handlers.message('somebody', message, 'gossip')
    },
  }
}

/**
 * Validator `i`, honest until `isOn` says otherwise. In each view that it leads from then on it proposes two blocks and notarizes
 * both, to everybody, in another order to each.
 */
export async function startEquivocator(
  cluster: Cluster,
  scheme: BlsScheme,
  i: number,
  isOn: () => boolean,
  options: Partial<ChainNodeOptions> = {},
): Promise<ChainNode> {
  const wire = cluster.hub.connect(nameOf(i))
  const { blsSecretKey, owner } = testKey(i)
  const genesisHash = genesisBlock(cluster.genesis).block.hash
  const forked = new Set<string>()

  const proposalOf = (view: number, block: Block): NetworkMessage => {
    const unsigned = { epoch: block.header.epoch, view, block }
    const signature = scheme.sign(blsSecretKey, proposalBytes(genesisHash, unsigned))
    return { type: 'consensus', message: { type: 'proposal', proposal: { ...unsigned, signature } } }
  }
  const notarizeOf = (view: number, block: Block): readonly NetworkMessage[] => {
    const { epoch } = block.header
    const { members } = node.validatorSet(epoch) ?? { members: [] }
    const validator = members.findIndex(({ address }) => equalBytes(address, owner))
    if (validator < 0) return []
    const unsigned = { kind: 'notarize', epoch, view, blockHash: block.hash, validator } as const
    const vote = signVote(unsigned, genesisHash, signerOf(scheme, blsSecretKey))
    return [{ type: 'consensus', message: { type: 'vote', vote } }]
  }
  const twice: Tap = (message) => {
    if (message.type !== 'consensus' || message.message.type === 'certificate') return [message]
    if (message.message.type === 'vote') {
      const { epoch, view } = message.message.vote
      return forked.has(`${epoch}/${view}`) ? [] : [message]
    }
    const { epoch, view, block } = message.message.proposal
    // The epoch's last block is proposed again by everybody, so another one of it would only cost time here.
    if (!isOn() || block.header.view !== view) return [message]
    forked.add(`${epoch}/${view}`)
    const both = [block, withHeader(block, { extraData: Uint8Array.of(1) })].flatMap((each) => [
      proposalOf(view, each),
      ...notarizeOf(view, each),
    ])
    for (const [turn, to] of wire.peers().entries()) {
      for (const each of turn % 2 === 0 ? both : both.toReversed()) wire.send(to, each)
    }
    return []
  }
  const node: ChainNode = await cluster.start(i, { transport: tapped(wire, twice), ...options })
  return node
}

export interface Reported {
  readonly height: number
  readonly epoch: number
  readonly evidence: Evidence
  readonly status: number
}

/** SUBMIT_EVIDENCE in the final blocks of a node, oldest first. */
export function reportsIn(node: ChainNode): Reported[] {
  const found: Reported[] = []
  for (let height = 1; height <= node.finalized().height; height++) {
    const executed = node.blockByHeight(height)
    for (const [i, { action }] of (executed?.transactions ?? []).entries()) {
      if (action.kind !== 'SUBMIT_EVIDENCE' || executed === undefined) continue
      const { kind: _, ...evidence } = action
      found.push({ height, epoch: executed.block.header.epoch, evidence, status: executed.receipts[i]!.status })
    }
  }
  return found
}
