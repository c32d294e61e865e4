/** A settlement put together: the journal that a proof speaks for, and what stands beside it. */
import { fromHex, type Hash, toHex, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import type { LaneActivity } from '../../../vm/lanes/hashing.ts'
import { depositHash } from '../../../vm/settlement/delegate.ts'
import { type Exit, encodeExits } from '../../../vm/settlement/exits.ts'
import type { SettlementJournal } from '../../../vm/settlement/journal.ts'
import { permissionHash } from '../../../vm/settlement/permission.ts'
import { decodeSettlement } from '../../../vm/settlement/signature-script.ts'
import { permissionOf, type Settlement } from '../../../vm/settlement/transactions.ts'
import type { RpcClient } from '../rpc-client.ts'
import { cpcOfGrains } from './arguments.ts'
import { bundleViews, type CovenantView, type Standing, waitingGrains } from './covenant.ts'
import { depositsOf } from './deposits.ts'
import { type Anchor, anchorAt } from './lane.ts'
import { shownTransaction } from './transaction.ts'

export interface Step {
  readonly newState: Hash
  readonly newLaneTip: Hash
  readonly exits: readonly Exit[]
  /** Up to which it goes. */
  readonly block: Anchor
  /** Of the delegate script, or zeros; default: the program takes deposits. */
  readonly depositHash?: Hash
}

/** Without its proof. */
export function settlementOf({ output, state, program }: Standing, step: Step): Omit<Settlement, 'proof'> {
  const permission = step.exits.length === 0 ? undefined : permissionOf(step.exits)
  const journal: SettlementJournal = {
    prevState: state.state,
    prevLaneTip: state.laneTip,
    newState: step.newState,
    newLaneTip: step.newLaneTip,
    newSeqCommit: step.block.seqCommit,
    covenantId: output.covenantId,
    txImageId: program.txImageId,
    batchImageId: program.batchImageId,
    permissionHash: permission === undefined ? ZERO_HASH : permissionHash(permission),
    depositHash: step.depositHash ?? depositHash(output.covenantId),
    laneKey: state.laneKey,
  }
  const bundle = permission === undefined ? {} : { permission, payload: encodeExits(step.exits) }
  return { covenant: output, journal, block: step.block.hash, ...bundle }
}

/** The state of a program that remembers what it has seen, and nothing else: for trials. */
export const rememberedState = (state: Hash, activity: readonly LaneActivity[]): Hash =>
  sha256(state, ...activity.map(({ txId }) => txId))

/** The block that the program is settled up to, or else the one that deployed it. */
export async function settledUpTo(client: RpcClient, view: CovenantView): Promise<Anchor> {
  if (view.last_settlement === null) return anchorAt(client, view.genesis.height)
  const { body } = await shownTransaction(client, view.last_settlement.transaction_hash)
  return anchorAt(client, toHex(decodeSettlement(body.inputs[0]!.signatureScript).block))
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

/** Exits that no deposits pay for wait until some do; undefined where all are paid for. */
export async function fundsWarning(
  client: RpcClient,
  view: CovenantView,
  exits: readonly Exit[],
): Promise<string | undefined> {
  if (exits.length === 0) return undefined
  const deposits = await depositsOf(client, fromHex(view.id))
  const held = sum(deposits.map(({ grains }) => grains))
  const owed = sum([...exits.map(({ amount }) => amount), ...bundleViews(view).map(waitingGrains)])
  return owed <= held
    ? undefined
    : `warning: exits of ${cpcOfGrains(owed)} wait, and deposits hold ${cpcOfGrains(held)}: some will have to wait`
}
