/** Random objects of consensus for property tests, and one fixed block for format vectors. */
import fc from 'fast-check'
import { EMPTY_BYTES, ZERO_HASH } from '../../core/bytes.ts'
import { makeBlock } from '../block.ts'
import { HEADER_VERSION } from '../header.ts'
import type { Block, Certificate, Header, Message, Proposal, Vote } from '../types.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hash = bytes(32)
const count = fc.maxSafeNat()
const signature = bytes(96)
/** No block hash is zero: zero stands for "none". */
const blockHash = hash.filter((h) => h.some((byte) => byte !== 0))

const voted = fc.oneof(
  fc.record({ kind: fc.constant('nullify' as const), blockHash: fc.constant(ZERO_HASH) }),
  fc.record({ kind: fc.constantFrom('notarize' as const, 'finalize' as const), blockHash }),
)

export const anyHeader: fc.Arbitrary<Header> = fc.record({
  version: fc.constant(HEADER_VERSION),
  chainId: count,
  height: count,
  epoch: count,
  view: count,
  parentHash: hash,
  timestampMs: count,
  proposer: bytes(20),
  txRoot: hash,
  receiptRoot: hash,
  stateRoot: hash,
  computeRoot: fc.oneof(hash, fc.constant(EMPTY_BYTES)),
  seqCommit: hash,
  validatorsHash: hash,
  parentCertificateHash: hash,
  gasLimit: count,
  gasUsed: count,
  gramUsed: count,
  baseFeePerGas: fc.bigInt(0n, (1n << 256n) - 1n),
  randomnessReveal: fc.oneof(bytes(96), fc.constant(EMPTY_BYTES)),
  resultCount: count,
  difficulty: fc.bigInt(0n, (1n << 256n) - 1n),
  zkStateProof: fc.uint8Array({ maxLength: 40 }),
  zkComputeProof: fc.uint8Array({ maxLength: 40 }),
  extraData: fc.uint8Array({ maxLength: 32 }),
})

export const anyCertificate: fc.Arbitrary<Certificate> = fc
  .tuple(voted, fc.record({ epoch: count, view: count, signers: fc.uint8Array({ maxLength: 13 }), signature }))
  .map(([what, rest]) => ({ ...what, ...rest }))

export const anyVote: fc.Arbitrary<Vote> = fc
  .tuple(voted, fc.record({ epoch: count, view: count, validator: count, signature }))
  .map(([what, rest]) => ({ ...what, ...rest }))

export const anyBlock: fc.Arbitrary<Block> = fc
  .record({
    header: anyHeader,
    transactions: fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 5 }),
    parentCertificate: fc.option(anyCertificate, { nil: undefined }),
  })
  .map(makeBlock)

export const anyProposal: fc.Arbitrary<Proposal> = fc.record({ epoch: count, view: count, block: anyBlock, signature })

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  anyProposal.map((proposal) => ({ type: 'proposal' as const, proposal })),
  anyVote.map((vote) => ({ type: 'vote' as const, vote })),
  anyCertificate.map((certificate) => ({ type: 'certificate' as const, certificate })),
)

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

export const SAMPLE_CERTIFICATE: Certificate = {
  kind: 'notarize',
  epoch: 3,
  view: 129,
  blockHash: filled(32, 1),
  signers: Uint8Array.of(0b0111),
  signature: filled(96, 2),
}

export const SAMPLE_BLOCK: Block = makeBlock({
  header: {
    version: 1,
    chainId: 26_180,
    height: 121,
    epoch: 3,
    view: 130,
    parentHash: filled(32, 1),
    timestampMs: 1_790_000_000_000,
    proposer: filled(20, 3),
    txRoot: filled(32, 4),
    receiptRoot: filled(32, 5),
    stateRoot: filled(32, 6),
    computeRoot: filled(32, 7),
    seqCommit: ZERO_HASH,
    validatorsHash: filled(32, 8),
    parentCertificateHash: filled(32, 9),
    gasLimit: 240_000_000,
    gasUsed: 101_000,
    gramUsed: 0,
    baseFeePerGas: 1_000n,
    randomnessReveal: filled(96, 10),
    resultCount: 1,
    difficulty: 1n << 31n,
    zkStateProof: EMPTY_BYTES,
    zkComputeProof: EMPTY_BYTES,
    extraData: Uint8Array.of(113),
  },
  transactions: [filled(110, 11), filled(300, 12)],
  parentCertificate: SAMPLE_CERTIFICATE,
})
