/**
 * What a covenant is. Only a standard one is shown decoded: its id commits to a single genesis output with a standard script,
 * so nobody holds an output of it that follows other rules.
 */
import { equalBytes, type Hash, toHex } from '../../../core/bytes.ts'
import type { CovenantRecord } from '../../../vm/covenant/tables.ts'
import { type CovenantState, decodeCovenantScript, type Program } from '../../../vm/settlement/covenant.ts'
import { standardCovenantId } from '../../../vm/settlement/transactions.ts'
import { defaultLaneOf } from '../../vprog/default-lane.ts'
import { type Static, Type } from '../method.ts'
import { Data, Hash32, Integer, Nullable } from '../schema.ts'
import { boundOutputs, type CovenantChain, type PlacedTransaction } from './covenant-chain.ts'
import { redeemOf } from './covenant-output.ts'
import { readOr, stepOf } from './covenant-step.ts'
import { laneIdOf } from './lane-ref.ts'
import { OutpointText, outpointText } from './place.ts'
import { PlaceObject, placeJson } from './placed.ts'
import { ProgramObject, programJson, StateObject, stateJson } from './program.ts'

export const summaryFields = {
  id: Hash32,
  standard: Nullable(
    Type.Boolean({ description: 'null: the script that it began with is not shown, or its block no longer held here' }),
  ),
  genesis: Type.Object({ outpoint: OutpointText, height: Integer }, { additionalProperties: false }),
  live_outputs: Integer,
  lane_id: Nullable(Data),
  program: Nullable(ProgramObject),
  state: Nullable(StateObject),
  last_settlement: Nullable(PlaceObject),
}
export const CovenantSummary = Type.Object(summaryFields, {
  additionalProperties: false,
  description: 'lane_id, program, state and last_settlement of a standard covenant',
})
type SummaryJson = Static<typeof CovenantSummary>

/** The state that it began with; undefined unless it is known to be standard. */
export interface StandardGenesis extends CovenantState {
  readonly program: Program
}

export interface Standing {
  /** Undefined: not known here. */
  readonly isStandard: boolean | undefined
  readonly genesis: StandardGenesis | undefined
}

const UNKNOWN: Standing = { isStandard: undefined, genesis: undefined }
const NOT_STANDARD: Standing = { isStandard: false, genesis: undefined }

/** Whether the covenant's id is that of a standard one. */
export async function standingOf(chain: CovenantChain, id: Hash, record: CovenantRecord): Promise<Standing> {
  if (record.genesisHeight < chain.node.holdings().blocksFrom) return UNKNOWN
  const [first] = await chain.history.covenantTransactions(id, undefined, 1)
  const made = first === undefined ? undefined : chain.at(first)
  if (made === undefined) return UNKNOWN
  const [index, ...others] = boundOutputs(made, id)
  const output = index === undefined ? undefined : made.kip.outputs[index]
  if (index !== 0 || others.length > 0 || output === undefined) return NOT_STANDARD
  const redeem = redeemOf(chain, { made, index })
  if (redeem === undefined) return UNKNOWN
  const genesis = readOr(() => decodeCovenantScript(redeem))
  if (genesis === undefined) return NOT_STANDARD
  const isStandard = equalBytes(standardCovenantId(record.genesis, output.value, redeem), id)
  return isStandard ? { isStandard, genesis } : NOT_STANDARD
}

/** Of one page of the index: each is a block to read before anything else gets a turn. */
const PAGE = 16
/** Transactions looked back over for the newest settlement: between two of them stand claims alone. */
const MAX_LOOKED_BACK = 1_024

interface Newest {
  readonly state: CovenantState
  readonly settled: PlacedTransaction | undefined
}

/** Where a standard covenant's program stands; undefined where that is too far back among claims. */
async function newestOf(
  chain: CovenantChain,
  id: Hash,
  record: CovenantRecord,
  genesis: StandardGenesis,
): Promise<Newest | undefined> {
  for (let before: PlacedTransaction['place'] | undefined, looked = 0; looked < MAX_LOOKED_BACK; looked += PAGE) {
    const places = await chain.history.newestCovenantTransactions(id, before, PAGE)
    for (const place of places) {
      const made = chain.at(place)
      if (made === undefined) continue
      const step = stepOf(made, id, record, true)
      if (step.kind === 'genesis') return { state: genesis, settled: undefined }
      if (step.kind === 'settlement') return { state: decodeCovenantScript(step.next), settled: made }
    }
    before = places.at(-1)
    if (places.length < PAGE) break
  }
  return undefined
}

const laneOf = async (chain: CovenantChain, record: CovenantRecord, key: Hash): Promise<Uint8Array | undefined> =>
  (await laneIdOf(chain.node, { key, id: undefined })) ?? defaultLaneOf(record.genesis, key)

export async function summaryJson(chain: CovenantChain, id: Hash, record: CovenantRecord): Promise<SummaryJson> {
  const { isStandard, genesis } = await standingOf(chain, id, record)
  const newest = genesis === undefined ? undefined : await newestOf(chain, id, record, genesis)
  const laneId = genesis === undefined ? undefined : await laneOf(chain, record, genesis.laneKey)
  return {
    id: toHex(id),
    standard: isStandard ?? null,
    genesis: { outpoint: outpointText(record.genesis), height: record.genesisHeight },
    live_outputs: record.liveOutputs,
    lane_id: laneId === undefined ? null : toHex(laneId),
    program: genesis === undefined ? null : programJson(genesis.program),
    state: newest === undefined ? null : stateJson(newest.state),
    last_settlement: newest?.settled === undefined ? null : placeJson(newest.settled),
  }
}
