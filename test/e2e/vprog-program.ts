/** A program in miniature and its settler: it keeps its covenant, deposits and exits, and moves on as its lane does. */
import { expect } from 'vitest'
import { concatBytes, fromHex, type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import type { Outpoint } from '../../vm/kip/types.ts'
import { decodeCovenantScript, PERMISSION_GRAINS, type Program } from '../../vm/settlement/covenant.ts'
import { depositHash } from '../../vm/settlement/delegate.ts'
import { developmentSettlement } from '../../vm/settlement/development.ts'
import type { Exit } from '../../vm/settlement/exits.ts'
import type { SettlementJournal } from '../../vm/settlement/journal.ts'
import { permissionHash, permissionScript } from '../../vm/settlement/permission.ts'
import {
  type CovenantOutput,
  claim,
  deployment,
  depositOutput,
  exitsAfterClaim,
  nextRedeem,
  permissionOf,
  type Settlement,
} from '../../vm/settlement/transactions.ts'
import type { RpcUser } from './devnet-fixture.ts'
import { bodyOf, type HeaderView, headerOf, type LaneFollower, type Sent, type VprogUser } from './vprog-fixture.ts'

/** A covenant always keeps it. */
export const VALUE_GRAINS = 1_000n

const hashOf = (seed: number): Hash => new Uint8Array(32).fill(seed)

const PROGRAM: Program = {
  txImageId: hashOf(21),
  batchImageId: hashOf(22),
  imageId: hashOf(23),
  proof: { kind: 'development' },
}

/** Exits that wait under one permission output. */
export interface Bundle {
  permission: CovenantOutput
  exits: readonly Exit[]
}

interface Deposit {
  readonly outpoint: Outpoint
  readonly grains: bigint
}

export class TestProgram {
  readonly lane: LaneFollower
  readonly #chain: RpcUser
  readonly #settler: VprogUser
  readonly #secretKey: Uint8Array
  #covenant: CovenantOutput
  deposits: readonly Deposit[] = []
  /** Heights of the settlements. */
  readonly settledAt: number[] = []

  private constructor(
    chain: RpcUser,
    settler: VprogUser,
    secretKey: Uint8Array,
    lane: LaneFollower,
    covenant: CovenantOutput,
  ) {
    this.#chain = chain
    this.#settler = settler
    this.#secretKey = secretKey
    this.lane = lane
    this.#covenant = covenant
  }

  /** @param secretKey that signs in place of proofs */
  static async deploy(
    chain: RpcUser,
    settler: VprogUser,
    secretKey: Uint8Array,
    lane: LaneFollower,
  ): Promise<TestProgram> {
    const state = { laneTip: ZERO_HASH, state: hashOf(1), laneKey: lane.key }
    const { address: sender, nonce } = settler
    const deployed = deployment({ sender, nonce, grains: VALUE_GRAINS, state, program: PROGRAM })
    const sent = await settler.send(deployed.body)
    expect(sent.status).toBe(1)
    const { covenantId, redeem } = deployed
    const covenant = { outpoint: sent.output(0), grains: VALUE_GRAINS, covenantId, redeem }
    return new TestProgram(chain, settler, secretKey, lane, covenant)
  }

  get covenantId(): Hash {
    return this.#covenant.covenantId
  }

  get imageId(): Hash {
    return decodeCovenantScript(this.#covenant.redeem).program.imageId
  }

  /** Somebody says something to the program, and may give it something. */
  async act(user: VprogUser, payload: Uint8Array, depositGrains = 0n): Promise<Sent> {
    const { laneId } = this.lane
    const outputs = depositGrains === 0n ? [] : [depositOutput(this.covenantId, depositGrains)]
    const sent = await user.send(bodyOf({ laneId, payload, outputs }))
    await this.lane.take(sent)
    if (depositGrains > 0n) {
      this.deposits = [...this.deposits, { outpoint: sent.output(0), grains: depositGrains }]
    }
    return sent
  }

  /** Everything but the proof of a settlement up to a block. */
  statement({ hash, seq_commit }: HeaderView, exits: readonly Exit[] = []): Omit<Settlement, 'proof'> {
    const { covenantId, redeem } = this.#covenant
    const { laneTip, state, laneKey, program } = decodeCovenantScript(redeem)
    const permission = exits.length === 0 ? undefined : permissionOf(exits)
    const journal: SettlementJournal = {
      ...{ prevState: state, prevLaneTip: laneTip, laneKey, covenantId },
      ...{ newState: sha256(concatBytes(state, this.lane.tip)), newLaneTip: this.lane.tip },
      newSeqCommit: fromHex(seq_commit),
      ...{ txImageId: program.txImageId, batchImageId: program.batchImageId },
      permissionHash: permission === undefined ? ZERO_HASH : permissionHash(permission),
      depositHash: depositHash(covenantId),
    }
    return {
      ...{ covenant: this.#covenant, journal, block: fromHex(hash) },
      ...(permission === undefined ? {} : { permission }),
    }
  }

  /** Up to the newest final block. @returns the bundle of the exits */
  async settle(exits: readonly Exit[] = []): Promise<{ readonly sent: Sent; readonly bundle: Bundle }> {
    const statement = this.statement(await headerOf(this.#chain, 'finalized'), exits)
    const sent = await this.#settler.send(developmentSettlement(statement, this.#secretKey))
    expect(sent.status).toBe(1)
    this.settledAt.push(sent.height)
    this.#covenant = { ...this.#covenant, outpoint: sent.output(0), redeem: nextRedeem(statement) }
    const redeem = statement.permission === undefined ? new Uint8Array(0) : permissionScript(statement.permission)
    const { covenantId } = this
    const permission = { outpoint: sent.output(1), grains: PERMISSION_GRAINS, covenantId, redeem }
    return { sent, bundle: { permission, exits } }
  }

  claimBody({ permission, exits }: Bundle, index: number, deduct: bigint): CovenantBody {
    return claim({ permission, exits, index, deduct, deposits: this.deposits })
  }

  /** All deposits pay for it, and the rest is a deposit again. */
  async claim(claimant: VprogUser, bundle: Bundle, index: number, deduct: bigint): Promise<Sent> {
    const sent = await claimant.send(this.claimBody(bundle, index, deduct))
    expect(sent.status).toBe(1)
    bundle.exits = exitsAfterClaim({ exits: bundle.exits, index, deduct })
    const remains = bundle.exits.some(({ amount }) => amount > 0n)
    const change = this.deposits.reduce((sum, { grains }) => sum + grains, -deduct)
    this.deposits = change === 0n ? [] : [{ outpoint: sent.output(remains ? 2 : 1), grains: change }]
    if (remains) {
      const redeem = permissionScript(permissionOf(bundle.exits))
      bundle.permission = { ...bundle.permission, outpoint: sent.output(1), redeem }
    }
    return sent
  }
}
