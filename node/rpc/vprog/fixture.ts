/** A chain in memory whose accounts deploy, deposit, settle and claim, for the tests of what tells of it. */
import { EMPTY_BYTES, type Hash, utf8, ZERO_HASH } from '../../../core/bytes.ts'
import { assert } from '../../../core/errors.ts'
import { sha256 } from '../../../core/hash.ts'
import { standInScheme } from '../../../core/stand-in-bls.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { intrinsicGas } from '../../../vm/gas.ts'
import { covenantId } from '../../../vm/kip/covenant-id.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import type { KipOutput, ScriptPublicKey } from '../../../vm/kip/types.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import type { ChainParams } from '../../../vm/params.ts'
import { type CovenantState, covenantScript, PERMISSION_GRAINS, type Program } from '../../../vm/settlement/covenant.ts'
import { depositHash } from '../../../vm/settlement/delegate.ts'
import { developmentSettlement } from '../../../vm/settlement/development.ts'
import { type Exit, encodeExits } from '../../../vm/settlement/exits.ts'
import { permissionHash, permissionScript } from '../../../vm/settlement/permission.ts'
import {
  type CovenantOutput,
  claim,
  deployment,
  depositOutput,
  exitsAfterClaim,
  permissionOf,
} from '../../../vm/settlement/transactions.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { signNative } from '../../../vm/transaction/sign.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'
import { developmentKeyOf } from '../../../vm/zk/development.ts'
import { FilterStore } from '../filters.ts'
import { ACCOUNTS, emptyChain, PARAMS } from '../fixture.ts'
import type { FixtureChain } from '../fixture-chain.ts'
import type { RpcContext } from '../method.ts'

export const PROOF_SECRET = sha256(utf8('proof key'))
/** Short, so that lanes fall silent within a test. */
export const WINDOW = 6

export const hashOf = (label: string): Hash => sha256(utf8(label))
export const laneOf = (number: number): Uint8Array => Uint8Array.of(0x51, 0, 0, number, ...new Uint8Array(16))
/** Pays a Schnorr key. */
export const holder = (label: string): Uint8Array => Uint8Array.of(32, ...hashOf(label), 0xac)

const PROGRAM: Program = {
  txImageId: hashOf('transaction'),
  batchImageId: hashOf('batch'),
  imageId: hashOf('aggregate'),
  proof: { kind: 'development' },
}
/** Enough for the standard scripts. */
const GRAM = 40_000

export interface Sent {
  readonly transaction: Transaction
  readonly txId: Hash
}

export interface Covenant extends CovenantOutput {
  readonly state: CovenantState
}

export interface Bundle {
  readonly output: CovenantOutput
  readonly exits: readonly Exit[]
}

export const bodyOf = (over: Partial<CovenantBody>): CovenantBody => ({
  ...{ laneId: undefined, payload: EMPTY_BYTES, lockTime: 0n, inputs: [], outputs: [] },
  ...over,
})

export class VprogFixture {
  readonly chain: FixtureChain
  readonly context: RpcContext
  #serial = 0

  constructor(params: Partial<ChainParams> = {}) {
    const devProofKey = `0x${Buffer.from(developmentKeyOf(PROOF_SECRET)).toString('hex')}`
    this.chain = emptyChain({ laneWindowBlocks: WINDOW, devProofKey, ...params }, standInScheme())
    this.context = {
      node: this.chain,
      dev: undefined,
      filters: new FilterStore(this.chain, () => 0),
      connection: undefined,
      clientVersion: 'quern/0.0.0-test',
      methods: [],
    }
  }

  /** Signed by the account after its transactions in blocks, and `ahead` more. */
  sign(given: CovenantBody, account = 0, ahead = 0): Sent {
    const { address, privateKey } = ACCOUNTS[account]!
    const { chain } = this
    const nonce = this.nonce(account) + ahead
    const action = { kind: given.laneId === undefined ? ('COVENANT' as const) : ('LANE' as const), ...given }
    const gasLimit = intrinsicGas(action) + (given.inputs.length > 0 ? GRAM : 0)
    const fees = { maxPriorityFeePerGas: 2_000n, maxFeePerGas: 1_000_000n }
    const raw = signNative({ chainId: PARAMS.chainId, nonce, ...fees, gasLimit, action }, privateKey)
    return { transaction: chain.decode(raw), txId: transactionId(kipTransaction(given, address, nonce)) }
  }

  nonce(account = 0): number {
    const state = this.chain.stateAt(this.chain.latest().height)!
    return readRecord(state, accounts, ACCOUNTS[account]!.address)?.nonce ?? 0
  }

  /** In the next block, each of which must succeed. */
  mine(...sent: readonly Sent[]): number {
    const { block, receipts } = this.chain.mine({ include: sent.map(({ transaction }) => transaction) })
    for (const { status, error } of receipts) assert(status === 1, `a transaction of the fixture failed: ${error}`)
    return block.header.height
  }

  /** Empty blocks. */
  idle(blocks: number): void {
    for (let i = 0; i < blocks; i++) this.mine()
  }

  message(lane: number, account = 0, ahead = 0): Sent {
    const payload = utf8(`message ${this.#serial++}`)
    return this.sign(bodyOf({ laneId: laneOf(lane), payload }), account, ahead)
  }

  deploy(lane = 1, account = 0): Covenant {
    const state = { laneTip: ZERO_HASH, state: hashOf('state 0'), laneKey: laneKey(laneOf(lane)) }
    const sender = ACCOUNTS[account]!.address
    const grains = 1_000n
    const made = deployment({ sender, nonce: this.nonce(account), grains, state, program: PROGRAM })
    const sent = this.sign(made.body, account)
    this.mine(sent)
    return {
      outpoint: { txId: sent.txId, index: 0 },
      grains,
      covenantId: made.covenantId,
      redeem: made.redeem,
      state,
    }
  }

  /** The first transaction of a covenant with these outputs. */
  genesisOf(
    spks: readonly ScriptPublicKey[],
    payload: Uint8Array,
    account = 0,
  ): { readonly id: Hash; readonly body: CovenantBody } {
    const outputs = spks.map((spk) => ({ value: 1_000n, spk }))
    const { address } = ACCOUNTS[account]!
    const [input] = kipTransaction(bodyOf({}), address, this.nonce(account)).inputs
    const id = covenantId(
      input!.outpoint,
      outputs.map((output, i) => [i, output]),
    )
    const binding = { authorizingInput: 0, covenantId: id }
    return { id, body: bodyOf({ payload, outputs: outputs.map((output) => ({ ...output, binding })) }) }
  }

  deposit(
    { covenantId }: Covenant,
    grains: bigint,
    lane = 1,
  ): { readonly outpoint: CovenantOutput['outpoint']; readonly grains: bigint } {
    const sent = this.sign(bodyOf({ laneId: laneOf(lane), outputs: [depositOutput(covenantId, grains)] }))
    this.mine(sent)
    return { outpoint: { txId: sent.txId, index: 0 }, grains }
  }

  /** Up to the tip. @param shown whether the payload tells of the exits */
  settle(
    covenant: Covenant,
    exits: readonly Exit[] = [],
    shown = true,
  ): { readonly covenant: Covenant; readonly bundle: Bundle; readonly sent: Sent } {
    const next = this.#nextState(covenant)
    const sent = this.sign(this.#settlement(covenant, next, exits, shown))
    this.mine(sent)
    const at = (index: number) => ({ txId: sent.txId, index })
    const redeem = exits.length === 0 ? EMPTY_BYTES : permissionScript(permissionOf(exits))
    return {
      sent,
      covenant: { ...covenant, outpoint: at(0), redeem: covenantScript(next, PROGRAM), state: next },
      bundle: {
        output: { outpoint: at(1), grains: PERMISSION_GRAINS, covenantId: covenant.covenantId, redeem },
        exits,
      },
    }
  }

  /** Not in a block yet. */
  settling(covenant: Covenant, account = 0): Sent {
    return this.sign(this.#settlement(covenant, this.#nextState(covenant), [], true), account)
  }

  #nextState({ state: { laneKey: key } }: Covenant): CovenantState {
    const label = `${this.#serial++}`
    return { laneTip: hashOf(`tip ${label}`), state: hashOf(`state ${label}`), laneKey: key }
  }

  #settlement(covenant: Covenant, next: CovenantState, exits: readonly Exit[], shown: boolean): CovenantBody {
    const { hash, seqCommit } = this.chain.latest()
    const { covenantId: id, state } = covenant
    const permission = exits.length === 0 ? undefined : permissionOf(exits)
    const journal = {
      prevState: state.state,
      prevLaneTip: state.laneTip,
      newState: next.state,
      newLaneTip: next.laneTip,
      newSeqCommit: seqCommit,
      covenantId: id,
      txImageId: PROGRAM.txImageId,
      batchImageId: PROGRAM.batchImageId,
      permissionHash: permission === undefined ? ZERO_HASH : permissionHash(permission),
      depositHash: depositHash(id),
      laneKey: state.laneKey,
    }
    const given = {
      ...{ covenant, journal, block: hash },
      ...(permission === undefined ? {} : { permission }),
      ...(permission === undefined || !shown ? {} : { payload: encodeExits(exits) }),
    }
    return developmentSettlement(given, PROOF_SECRET)
  }

  claim(
    { output, exits }: Bundle,
    index: number,
    deduct: bigint,
    deposits: readonly { readonly outpoint: CovenantOutput['outpoint']; readonly grains: bigint }[],
  ): { readonly bundle: Bundle; readonly sent: Sent; readonly outputs: readonly KipOutput[] } {
    const made = claim({ permission: output, exits, index, deduct, deposits })
    const sent = this.sign(made)
    this.mine(sent)
    const left = exitsAfterClaim({ exits, index, deduct })
    const isOver = left.every(({ amount }) => amount === 0n)
    const redeem = isOver ? EMPTY_BYTES : permissionScript(permissionOf(left))
    return {
      bundle: { output: { ...output, outpoint: { txId: sent.txId, index: 1 }, redeem }, exits: left },
      sent,
      outputs: made.outputs,
    }
  }
}
