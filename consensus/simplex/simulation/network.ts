/** What all simulated nodes share: keys, validator sets by epoch, blocks without transactions' meaning. */
import type { BlsScheme } from '../../../core/bls.ts'
import {
  compareBytes,
  EMPTY_BYTES,
  equalBytes,
  type Hash,
  u32be,
  utf8,
  ZERO_ADDRESS,
  ZERO_HASH,
} from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { leaderOf } from '../../../vm/leader.ts'
import type { ValidatorSet } from '../../../vm/validator-set.ts'
import { makeBlock } from '../../block.ts'
import { certificateHash } from '../../certificate.ts'
import type { Block, Certificate, Header } from '../../types.ts'
import type { EpochContext, FinalHead } from '../types.ts'

export const CHAIN_ID = 7
/** Of the simulated chain: all that its validators sign names it. */
export const GENESIS_HASH = sha256(Uint8Array.of(CHAIN_ID))
export const BLOCK_INTERVAL_MS = 40
export const NETWORK_DELAY_MS = 50

export interface Key {
  /** Place among all keys, in the order of their addresses; not that in a set. */
  readonly index: number
  readonly address: Uint8Array
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
}

export function makeKeys(scheme: BlsScheme, count: number): Key[] {
  const secrets = Array.from({ length: count }, (_, i) => {
    const secret = sha256(utf8('key'), u32be(i))
    // Below the order of the curve's group, for runs on the real scheme.
    secret[0]! &= 0x3f
    return secret
  })
  return secrets
    .map((secretKey) => ({
      secretKey,
      publicKey: scheme.publicKey(secretKey),
      address: sha256(secretKey).slice(0, 20),
    }))
    .sort((a, b) => compareBytes(a.address, b.address))
    .map((key, index) => ({ index, ...key }))
}

/** Members of the epoch among the keys: of five, the last rests in odd epochs; powers differ then. */
export function contextOf(keys: readonly Key[], seed: number, epoch: number): EpochContext {
  const isOdd = epoch % 2 === 1
  const present = isOdd && keys.length === 5 ? keys.slice(0, -1) : keys
  const set: ValidatorSet = {
    epoch,
    members: present.map(({ address, publicKey }, i) => ({
      address,
      blsPublicKey: publicKey,
      power: 100n + (isOdd ? BigInt(i % 3) : 0n),
      weight: BigInt(1 + ((i + epoch) % 3)),
    })),
  }
  return { set, randomness: sha256(utf8('randomness'), u32be(seed), u32be(epoch)) }
}

const BLANK: Header = {
  version: 1,
  chainId: CHAIN_ID,
  height: 0,
  epoch: 0,
  view: 0,
  parentHash: ZERO_HASH,
  timestampMs: 0,
  proposer: ZERO_ADDRESS,
  txRoot: sha256(EMPTY_BYTES),
  receiptRoot: ZERO_HASH,
  stateRoot: ZERO_HASH,
  computeRoot: EMPTY_BYTES,
  seqCommit: ZERO_HASH,
  validatorsHash: ZERO_HASH,
  parentCertificateHash: ZERO_HASH,
  gasLimit: 0,
  gasUsed: 0,
  gramUsed: 0,
  baseFeePerGas: 0n,
  randomnessReveal: EMPTY_BYTES,
  resultCount: 0,
  difficulty: 0n,
  zkStateProof: EMPTY_BYTES,
  zkComputeProof: EMPTY_BYTES,
  extraData: EMPTY_BYTES,
}

export const GENESIS: FinalHead = {
  block: makeBlock({ header: BLANK, transactions: [], parentCertificate: undefined }),
  notarization: undefined,
  finalization: undefined,
}

/** A block that says it cannot be executed, which stands for everything that makes one invalid. */
export const INVALID_MARK = 0xff

export function childBlock(
  parent: Header & { readonly hash?: Hash },
  parentHash: Hash,
  parentCertificate: Certificate | undefined,
  place: { readonly epoch: number; readonly view: number; readonly proposer: Uint8Array },
  payload: Uint8Array,
): Block {
  const header: Header = {
    ...BLANK,
    ...place,
    height: parent.height + 1,
    timestampMs: parent.timestampMs + BLOCK_INTERVAL_MS,
    parentHash,
    parentCertificateHash: certificateHash(parentCertificate),
    txRoot: sha256(payload),
    extraData: payload.slice(0, 1),
  }
  return makeBlock({ header, transactions: [payload], parentCertificate })
}

export const checkBody = (block: Block): boolean =>
  equalBytes(sha256(block.transactions[0] ?? EMPTY_BYTES), block.header.txRoot)

/** Stands for execution: what a block and its parent alone decide. */
export const isExecutable = (block: Block, parent: Block, context: EpochContext): boolean =>
  block.header.extraData[0] !== INVALID_MARK &&
  block.header.height === parent.header.height + 1 &&
  equalBytes(block.header.parentHash, parent.hash) &&
  equalBytes(
    block.header.proposer,
    context.set.members[leaderOf(context.set, context.randomness, block.header.view)]!.address,
  )
