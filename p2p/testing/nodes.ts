/** Real nodes on loopback, and what they heard. */

import { makeBlock } from '../../consensus/block.ts'
import { SAMPLE_BLOCK } from '../../consensus/testing/arbitraries.ts'
import type { Block, Certificate, Vote } from '../../consensus/types.ts'
import { type Address, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { statementBytes } from '../../vm/statement.ts'
import { makeIdentity } from '../identity.ts'
import type { P2pEvent, P2pOptions } from '../options.ts'
import { P2pNode } from '../p2p-node.ts'
import type {
  KnownValidator,
  NetworkMessage,
  Origin,
  PeerId,
  PeerRequest,
  PeerResponse,
  Verdict,
} from '../transport.ts'

export const GENESIS: Hash = new Uint8Array(32).fill(7)
/** D of these tests: slots of gossip are then a second long. */
export const DELAY_MS = 200
export const scheme = standInScheme()

export interface Heard {
  readonly from: PeerId
  readonly message: NetworkMessage
  readonly origin: Origin
}

/** A validator's keys, made from a number. */
export interface TestValidator extends KnownValidator {
  readonly secretKey: Uint8Array
}

export function validator(number: number): TestValidator {
  const secretKey = new Uint8Array(32).fill(number)
  const address: Address = new Uint8Array(20).fill(number)
  return { address, secretKey, blsPublicKey: scheme.publicKey(secretKey) }
}

export interface TestNode {
  readonly node: P2pNode
  readonly heard: Heard[]
  readonly events: P2pEvent[]
  /** What it says of each message; a test may change it. */
  verdict: (message: NetworkMessage, from: PeerId) => Verdict | Promise<Verdict>
  /** What it answers, beside its status. */
  answer: (request: PeerRequest) => PeerResponse
  height: number
  address(): string
  restart(): void
}

export const optionsOf = (changes: Partial<P2pOptions> = {}): P2pOptions => ({
  genesisHash: GENESIS,
  identity: makeIdentity(),
  listen: ['/ip4/127.0.0.1/tcp/0'],
  networkDelayMs: DELAY_MS,
  maxPeersPerAddress: 1_000,
  agent: 'quern/test',
  bls: scheme,
  ...changes,
})

export const claimOf = ({ address, blsPublicKey, secretKey }: TestValidator): NonNullable<P2pOptions['claim']> => ({
  address,
  blsPublicKey,
  sign: (message) => scheme.sign(secretKey, message),
})

const running = new Set<P2pNode>()

/** Starts a node and its transport. `stopAll` ends it. */
export async function startNode(changes: Partial<P2pOptions> = {}): Promise<TestNode> {
  const heard: Heard[] = []
  const events: P2pEvent[] = []
  const node = await P2pNode.start(optionsOf({ onEvent: (event) => events.push(event), ...changes }))
  running.add(node)
  const test: TestNode = {
    node,
    heard,
    events,
    height: 1,
    verdict: () => 'accept',
    answer: (request) => {
      if (request.type === 'range') return { type: 'range', blocks: [] }
      if (request.type === 'block') return { type: 'block', block: undefined }
      return { type: 'certificates', certificates: [] }
    },
    address: () => node.multiaddrs[0] ?? '',
    restart: () => {
      node.transport.start({
        message: (from, message, origin) => {
          heard.push({ from, message, origin })
          return test.verdict(message, from)
        },
        request: async (_, request) =>
          request.type === 'status'
            ? {
                type: 'status',
                status: { genesisHash: GENESIS, height: test.height, hash: ZERO_HASH, blocksFrom: 0, statesFrom: 0 },
              }
            : test.answer(request),
      })
    },
  }
  test.restart()
  return test
}

export async function stopNode(test: TestNode): Promise<void> {
  running.delete(test.node)
  await test.node.stop()
}

export async function stopAll(): Promise<void> {
  const nodes = [...running]
  running.clear()
  await Promise.all(nodes.map((node) => node.stop()))
}

/** Waits until it is so. Throws after ten seconds, which only a broken node takes. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > endMs) throw new Error(`not within ten seconds: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Time for something to happen that must not. */
export const quiet = (ms = 300): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const vote = (view: number): NetworkMessage => {
  const vote: Vote = {
    kind: 'nullify',
    epoch: 0,
    view,
    blockHash: ZERO_HASH,
    validator: 0,
    signature: new Uint8Array(96).fill(1),
  }
  return { type: 'consensus', message: { type: 'vote', vote } }
}

export const certificate = (view: number, signers = 7): NetworkMessage => {
  const certificate: Certificate = {
    kind: 'nullify',
    epoch: 0,
    view,
    blockHash: ZERO_HASH,
    signers: Uint8Array.of(signers),
    signature: new Uint8Array(96).fill(2),
  }
  return { type: 'consensus', message: { type: 'certificate', certificate } }
}

/** A block of about so many bytes. */
export const blockOf = (bytes: number, height = 1): Block =>
  makeBlock({
    header: { ...SAMPLE_BLOCK.header, height },
    parentCertificate: undefined,
    transactions: Array.from({ length: Math.ceil(bytes / 100_000) }, (_, i) =>
      new Uint8Array(Math.min(100_000, bytes - i * 100_000)).fill(i),
    ),
  })

export const proposal = (author: TestValidator, view: number, block: Block): NetworkMessage => {
  const signature = scheme.sign(author.secretKey, statementBytes('proposal', GENESIS, 0, view, block.hash))
  return { type: 'consensus', message: { type: 'proposal', proposal: { epoch: 0, view, block, signature } } }
}

export const transactions = (fill: number): NetworkMessage => ({
  type: 'transactions',
  transactions: [new Uint8Array(100).fill(fill)],
})

export const evidence = (view: number): NetworkMessage => ({
  type: 'evidence',
  evidence: {
    validator: new Uint8Array(20).fill(1),
    epoch: 0,
    view,
    first: { type: 'notarize', blockHash: new Uint8Array(32).fill(1), signature: new Uint8Array(96).fill(3) },
    second: { type: 'notarize', blockHash: new Uint8Array(32).fill(2), signature: new Uint8Array(96).fill(4) },
  },
})
