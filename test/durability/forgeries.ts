/**
 * What a byzantine leader may propose instead of the block it built: each wrong in one way, and everything else, down to
 * hash and signature, right.
 */
import { makeBlock } from '../../consensus/block.ts'
import { buildBlock } from '../../consensus/build.ts'
import { certificateHash } from '../../consensus/certificate.ts'
import { candidatesOf, FAST_PARAMS, testKey, withHeader } from '../../consensus/testing/chain.ts'
import type { Block } from '../../consensus/types.ts'
import type { AppliedBlock, ParentBlock, ValidationRules } from '../../consensus/validate.ts'
import { EMPTY_BYTES, type Hash } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { findSubmission, type SubmitResult } from '../../vm/compute/fixture.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { computeRoot } from '../../vm/compute-root.ts'
import { receiptRoot } from '../../vm/execution/receipt.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { StateLayer } from '../../vm/state/layers.ts'
import { accounts } from '../../vm/state/tables.ts'
import { readRecord, StateView } from '../../vm/state/view.ts'
import { decodeTransaction } from '../../vm/transaction/envelope.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import { txRoot } from '../../vm/transaction/tx-root.ts'
import type { Action, Transaction } from '../../vm/transaction/types.ts'

/** What the leader stands on. */
export interface Ground {
  readonly parent: ParentBlock
  /** The empty block it built honestly. */
  readonly honest: Block
  readonly rules: ValidationRules
  readonly tickets: Tickets
}

/** Found before they are needed: a search within the view would let it run out, and prove nothing. */
export interface Tickets {
  /** A tile that WORKER won. */
  readonly won: SubmitResult
  /** The same by a kernel that is wrong in one entry of every tile. */
  readonly wonByLiar: SubmitResult
}

export interface Forgery {
  readonly name: string
  /** Rejection code of PROTOCOL 4.4; 'valid' for the control. */
  readonly code: string
  /** Whether the tickets' seed must still be in the window, or out of it. */
  readonly window?: 'open' | 'closed'
  readonly make: (ground: Ground) => Block
}

const SENDER = 5
const WORKER = 6
const OTHER = sha256(Uint8Array.of(7))

const sign = (sender: number, action: Action): Uint8Array => {
  const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
  return signNative({ chainId: FAST_PARAMS.chainId, nonce: 0, ...fees, action }, testKey(sender).privateKey)
}
const decoded = (raw: Uint8Array): Transaction => decodeTransaction(raw, FAST_PARAMS.chainId)

const transfer: Action = { kind: 'TRANSFER', to: testKey(WORKER).owner, value: 1n, memo: EMPTY_BYTES }

/** The honest block's place, with these transactions, executed by these rules. */
function build({ parent, honest }: Ground, transactions: readonly Uint8Array[], rules: ValidationRules): AppliedBlock {
  const { view, timestampMs, proposer, randomnessReveal } = honest.header
  const { parentCertificate } = honest
  const candidates = candidatesOf(transactions.map(decoded))
  return buildBlock({ parent, parentCertificate, view, timestampMs, proposer, randomnessReveal, candidates }, rules)
}

/** The block with another body under a header that names it. */
const withBody = (block: Block, transactions: readonly Uint8Array[]): Block =>
  makeBlock({ ...block, transactions, header: { ...block.header, txRoot: txRoot(transactions) } })

const LYING_KERNEL: TileKernel = {
  tile: (...args) => {
    const tile = referenceKernel.tile(...args)
    tile[0] = tile[0]! + 1
    return tile
  },
}

export function findTickets(seedHash: Hash, seedHeight: number): Tickets {
  const search = { worker: testKey(WORKER).owner, seedHeight, seedHash }
  return { won: findSubmission(search), wonByLiar: findSubmission({ ...search, kernel: LYING_KERNEL }) }
}

/** A result that fails, in a block that says it succeeded. */
function toldAsSuccess(ground: Ground, sender: number, action: SubmitResult): Block {
  const { block, outcome } = build(ground, [sign(sender, action)], ground.rules)
  const receipts = outcome.receipts.map((receipt) => ({ ...receipt, status: 1 as const }))
  return withHeader(block, {
    resultCount: 1,
    computeRoot: computeRoot([action.result]),
    receiptRoot: receiptRoot(receipts),
  })
}

const header = (name: string, code: string, changes: (honest: Block) => Parameters<typeof withHeader>[1]): Forgery => ({
  name,
  code,
  make: ({ honest }) => withHeader(honest, changes(honest)),
})

export const FORGERIES: readonly Forgery[] = [
  header('control: another block, and a valid one', 'valid', () => ({ extraData: Uint8Array.of(1) })),
  {
    name: 'one bad result, in which its leader believes',
    code: 'BLOCK_RESULT_COUNT',
    window: 'open',
    make: (ground) => {
      const raw = sign(WORKER, ground.tickets.wonByLiar)
      return build(ground, [raw], { ...ground.rules, kernel: LYING_KERNEL }).block
    },
  },
  {
    name: 'a result with one wrong byte, told as a success',
    code: 'BLOCK_RESULT_COUNT',
    window: 'open',
    make: (ground) => {
      const { won } = ground.tickets
      const resultHash = won.result.resultHash.map((byte, i) => (i === 31 ? byte ^ 1 : byte))
      return toldAsSuccess(ground, WORKER, { ...won, result: { ...won.result, resultHash } })
    },
  },
  {
    name: 'a stolen result, told as a success',
    code: 'BLOCK_RESULT_COUNT',
    window: 'open',
    make: (ground) => toldAsSuccess(ground, SENDER, ground.tickets.won),
  },
  header('another state root', 'BLOCK_STATE_ROOT', () => ({ stateRoot: OTHER })),
  header('a compute root without results', 'BLOCK_COMPUTE_ROOT', () => ({ computeRoot: OTHER })),
  header('a lower base fee', 'BLOCK_BASE_FEE', ({ header: { baseFeePerGas } }) => ({
    baseFeePerGas: baseFeePerGas - 1n,
  })),
  header('a chosen randomness reveal', 'BLOCK_REVEAL', () => ({ randomnessReveal: new Uint8Array(96).fill(1) })),
  header('a time before the interval is over', 'BLOCK_TIMESTAMP', ({ header: { timestampMs } }) => ({
    timestampMs: timestampMs - 60_000,
  })),
  {
    name: 'a transaction whose signature is out of range',
    code: 'BLOCK_TX_REFUSED',
    make: ({ honest }) => {
      const raw = sign(SENDER, transfer).slice()
      // `s` is the envelope's last field.
      raw.fill(0xff, raw.length - 32)
      return withBody(honest, [raw])
    },
  },
  {
    name: 'a transaction by whoever its altered signature recovers to',
    code: 'BLOCK_TX_REFUSED',
    make: ({ honest }) => {
      const raw = sign(SENDER, transfer).slice()
      raw[raw.length - 1] = raw.at(-1)! ^ 1
      return withBody(honest, [raw])
    },
  },
  {
    name: 'one transaction twice',
    code: 'BLOCK_TX_REFUSED',
    make: (ground) => {
      const raw = sign(SENDER, transfer)
      return withBody(build(ground, [raw], ground.rules).block, [raw, raw])
    },
  },
  {
    name: 'a body without the transaction that the header names',
    code: 'BLOCK_TX_ROOT',
    make: (ground) => ({ ...build(ground, [sign(SENDER, transfer)], ground.rules).block, transactions: [] }),
  },
  {
    name: 'a transaction for which somebody else pays a wei',
    code: 'BLOCK_STATE_ROOT',
    make: (ground) => {
      const { block, state } = build(ground, [sign(SENDER, transfer)], ground.rules)
      const view = new StateView(state)
      for (const [key, wei] of [
        [SENDER, 1n],
        [WORKER, -1n],
      ] as const) {
        const { owner } = testKey(key)
        const account = readRecord(state, accounts, owner)!
        view.set(accounts, owner, { ...account, balance: account.balance + wei })
      }
      return withHeader(block, { stateRoot: new StateLayer(state, view.finish()).root })
    },
  },
  {
    name: 'a notarization with a signer who did not sign',
    code: 'BLOCK_CERTIFICATE',
    make: ({ honest }) => {
      const known = honest.parentCertificate!
      const parentCertificate = { ...known, signature: known.signature.map((byte) => byte ^ 1) }
      return makeBlock({
        ...honest,
        header: { ...honest.header, parentCertificateHash: certificateHash(parentCertificate) },
        parentCertificate,
      })
    },
  },
  {
    name: 'a stale seed, accepted',
    code: 'BLOCK_RESULT_COUNT',
    window: 'closed',
    make: (ground) => {
      const params = { ...ground.rules.params, seedWindowBlocks: ground.honest.header.height }
      return build(ground, [sign(WORKER, ground.tickets.won)], { ...ground.rules, params }).block
    },
  },
]
