/** A covenant as the node shows it; scripts are held against their hashes before anything is built on them. */
import { equalBytes, fromHex, type Hash, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { ScriptPublicKey } from '../../../vm/kip/types.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { payToScript } from '../../../vm/script/standard.ts'
import { type CovenantState, decodeCovenantScript, type Program } from '../../../vm/settlement/covenant.ts'
import { permissionScript } from '../../../vm/settlement/permission.ts'
import { type CovenantOutput, permissionOf } from '../../../vm/settlement/transactions.ts'
import type { RpcClient } from '../rpc-client.ts'
import { outpointOf } from './arguments.ts'
import type { Bundle } from './claim.ts'
import type { HeldOutput } from './dry-run.ts'

interface SpkView {
  readonly version: number
  readonly script: string
}

export interface OutputView {
  readonly outpoint: string
  readonly role: 'state' | 'exits' | 'other'
  readonly height: number
  readonly transaction_hash: string
  readonly grains: string
  readonly spk: SpkView
  readonly redeem_script: string | null
  readonly bundle: {
    readonly unclaimed: string
    readonly exits: readonly { readonly script: string; readonly grains: string }[] | null
  } | null
}

/** Of `vprog_getCovenant`. */
export interface CovenantView {
  readonly id: string
  readonly standard: boolean | null
  readonly genesis: { readonly outpoint: string; readonly height: number }
  readonly live_outputs: number
  readonly lane_id: string | null
  readonly program: { readonly proof_system: string; readonly image_id: string } | null
  readonly state: { readonly state: string; readonly lane_tip: string; readonly lane_key: string } | null
  readonly last_settlement: { readonly transaction_hash: string; readonly height: number } | null
  readonly outputs: readonly OutputView[]
  readonly outputs_complete: boolean
}

/** @throws QuernError `COVENANT_UNKNOWN` */
export async function covenantView(client: RpcClient, id: Hash): Promise<CovenantView> {
  const view = await client.call<CovenantView | null>('vprog_getCovenant', [toHex(id)])
  if (view !== null) return view
  throw new QuernError('COVENANT_UNKNOWN', `there is no covenant ${toHex(id)}: see \`quern vprog inspect\``)
}

/** @throws QuernError `COVENANT_NOT_STANDARD` */
export function requireStandard({ standard }: CovenantView): void {
  if (standard === true) return
  const why =
    standard === null
      ? 'nothing here shows what it began with: ask a node in mode archive'
      : 'it began otherwise, and other scripts than the one it shows may open it'
  throw new QuernError('COVENANT_NOT_STANDARD', `the covenant is not known to be a standard one: ${why}`)
}

const spkOf = ({ version, script }: SpkView): ScriptPublicKey => ({ version, script: fromHex(script) })

export const heldOutput = (id: Hash, { grains, spk, height }: OutputView): HeldOutput => ({
  ...{ grains: BigInt(grains), spk: spkOf(spk), covenantId: id, height },
})

/** @throws QuernError `SCRIPT_HIDDEN`, `SCRIPT_MISMATCH` */
function covenantOutput(id: Hash, { outpoint, grains, spk, redeem_script }: OutputView): CovenantOutput {
  if (redeem_script === null) throw new QuernError('SCRIPT_HIDDEN', `nothing shows the script of output ${outpoint}`)
  const redeem = fromHex(redeem_script)
  if (!equalBytes(payToScript(redeem).script, spkOf(spk).script)) {
    throw new QuernError('SCRIPT_MISMATCH', `the node shows another script than that of ${outpoint}: ask another node`)
  }
  return { outpoint: outpointOf(outpoint), grains: BigInt(grains), covenantId: id, redeem }
}

export interface Standing {
  readonly output: CovenantOutput
  readonly held: HeldOutput
  readonly state: CovenantState
  readonly program: Program
}

/** Where the program stands. @throws QuernError `COVENANT_OVER`, `SCRIPT_HIDDEN`, `SCRIPT_MISMATCH` */
export function standingOf(view: CovenantView): Standing {
  const id = fromHex(view.id)
  const shown = view.outputs.find(({ role }) => role === 'state')
  if (shown === undefined) {
    throw new QuernError('COVENANT_OVER', 'the node shows no state of this covenant: see `quern vprog inspect`')
  }
  const output = covenantOutput(id, shown)
  const { program, ...state } = decodeCovenantScript(output.redeem)
  return { output, held: heldOutput(id, shown), state, program }
}

/** What waits to be claimed, oldest first. */
export const bundleViews = ({ outputs }: CovenantView): OutputView[] =>
  outputs.filter(({ role }) => role === 'exits').toReversed()

/** What of a bundle is not claimed; 0 where its exits are not shown. */
export const waitingGrains = ({ bundle }: OutputView): bigint =>
  (bundle?.exits ?? []).reduce((sum, { grains }) => sum + BigInt(grains), 0n)

/** @throws QuernError `EXITS_HIDDEN`, `SCRIPT_HIDDEN`, `SCRIPT_MISMATCH` */
export function bundleOf(id: Hash, view: OutputView): Bundle {
  const output = covenantOutput(id, view)
  const exits = view.bundle?.exits?.map(({ script, grains }) => ({ script: fromHex(script), amount: BigInt(grains) }))
  if (exits === undefined) {
    throw new QuernError('EXITS_HIDDEN', `the node does not show the exits of ${view.outpoint}: ask whoever settled`)
  }
  if (!equalBytes(permissionScript(permissionOf(exits)), output.redeem)) {
    throw new QuernError('SCRIPT_MISMATCH', `the node shows other exits than those of ${view.outpoint}`)
  }
  return { output, exits }
}

/**
 * The lane's id, which its key does not tell.
 * @param given by the user, in place of what the chain shows
 * @throws QuernError `LANE_UNKNOWN`, `LANE_MISMATCH`
 */
export function laneOf(view: CovenantView, { laneKey: key }: CovenantState, given: Uint8Array | undefined): Uint8Array {
  const laneId = given ?? (view.lane_id === null ? undefined : fromHex(view.lane_id))
  if (laneId === undefined) {
    throw new QuernError(
      'LANE_UNKNOWN',
      'nothing happened in the lane yet, so only who deployed the program knows its id: give it with --lane',
    )
  }
  if (equalBytes(laneKey(laneId), key)) return laneId
  throw new QuernError('LANE_MISMATCH', `the program reads another lane than ${toHex(laneId)}: check --lane`)
}
