/** An output of a covenant: what it holds, and what its hash stands for where the chain shows that. */
import { toHex } from '../../../core/bytes.ts'
import type { ScriptPublicKey } from '../../../vm/kip/types.ts'
import { covenantScript, decodeCovenantScript } from '../../../vm/settlement/covenant.ts'
import { decodeClaim, decodePermissionScript, permissionScript } from '../../../vm/settlement/permission.ts'
import { decodeSettlement } from '../../../vm/settlement/signature-script.ts'
import { permissionOf } from '../../../vm/settlement/transactions.ts'
import { type Static, Type } from '../method.ts'
import { Data, DecimalString, Hash32, Integer, Nullable } from '../schema.ts'
import { ExitList, ExitRoom, exitsOf, scriptAfterClaim, shownExits } from './bundle.ts'
import { type CovenantChain, type PlacedTransaction, spendsAt } from './covenant-chain.ts'
import { paysTo, readOr, shownScript } from './covenant-step.ts'
import { OutpointText, outpointText } from './place.ts'
import { StateObject, stateJson } from './program.ts'

/** Standard scripts have some 2,000. */
const MAX_REDEEM_SHOWN_BYTES = 10_000

/** An output in the transaction that made it. */
export interface MadeOutput {
  readonly made: PlacedTransaction
  readonly index: number
}

export const outpointOf = ({ made, index }: MadeOutput) => ({ txId: made.txId, index })

/** What may stand behind the hash: none is believed before its own hash is compared. */
function* candidates(chain: CovenantChain, output: MadeOutput): Generator<Uint8Array | undefined> {
  const { made, index } = output
  const { payload, inputs } = made.transaction.action
  yield payload
  const shown = inputs[0]?.signatureScript
  if (shown !== undefined) {
    yield readOr(() => {
      const { newLaneTip: laneTip, newState: state, previous, program } = decodeSettlement(shown)
      return covenantScript({ laneTip, state, laneKey: previous.laneKey }, program)
    })
    yield readOr(() => scriptAfterClaim(decodeClaim(shown)))
  }
  const exits = shownExits(made, index)
  if (exits !== undefined) yield permissionScript(permissionOf(exits))
  const outpoint = outpointOf(output)
  const spender = chain.spenderOf(outpoint)
  if (spender !== undefined) yield shownScript(spender.kip.inputs[spendsAt(spender, outpoint)]!.signatureScript)
}

/** The script behind an output's hash; undefined where nothing on the chain shows it, or it is too long to show. */
export function redeemOf(chain: CovenantChain, output: MadeOutput): Uint8Array | undefined {
  const spk = output.made.kip.outputs[output.index]?.spk
  if (spk === undefined) return undefined
  for (const redeem of candidates(chain, output)) {
    if (redeem !== undefined && redeem.length <= MAX_REDEEM_SHOWN_BYTES && paysTo(spk, redeem)) return redeem
  }
  return undefined
}

export const SpkObject = Type.Object({ version: Integer, script: Data }, { additionalProperties: false })
export const spkJson = ({ version, script }: ScriptPublicKey) => ({ version, script: toHex(script) })

const BundleObject = Type.Object(
  {
    root: Hash32,
    depth: Integer,
    unclaimed: DecimalString,
    exits: Nullable(ExitList),
  },
  { additionalProperties: false },
)

export const CovenantOutputObject = Type.Object(
  {
    outpoint: OutpointText,
    role: Type.Union([Type.Literal('state'), Type.Literal('exits'), Type.Literal('other')], {
      description: 'by its script: a standard vProg covenant, a standard bundle of exits, or something else',
    }),
    height: Integer,
    transaction_hash: Hash32,
    grains: DecimalString,
    spk: SpkObject,
    redeem_script: Nullable(Data),
    state: Nullable(StateObject),
    bundle: Nullable(BundleObject),
  },
  { additionalProperties: false },
)
type CovenantOutputJson = Static<typeof CovenantOutputObject>

export class OutputWriter {
  readonly #chain: CovenantChain
  readonly #room = new ExitRoom()

  constructor(chain: CovenantChain) {
    this.#chain = chain
  }

  json(output: MadeOutput): CovenantOutputJson {
    const { made, index } = output
    const { value, spk } = made.kip.outputs[index]!
    const redeem = redeemOf(this.#chain, output)
    const state = redeem === undefined ? undefined : readOr(() => decodeCovenantScript(redeem))
    const bundle = redeem === undefined ? undefined : readOr(() => decodePermissionScript(redeem))
    return {
      outpoint: outpointText(outpointOf(output)),
      role: state !== undefined ? 'state' : bundle !== undefined ? 'exits' : 'other',
      height: made.place.height,
      transaction_hash: toHex(made.transaction.hash),
      grains: value.toString(),
      spk: spkJson(spk),
      redeem_script: redeem === undefined ? null : toHex(redeem),
      state: state === undefined ? null : stateJson(state),
      bundle:
        bundle === undefined
          ? null
          : {
              root: toHex(bundle.root),
              depth: bundle.depth,
              unclaimed: bundle.unclaimed.toString(),
              exits: this.#room.json(exitsOf(this.#chain, made, index)),
            },
    }
  }
}
