/** Traces as `chain_` methods give them: their schema, and where block and state come from. */
import { setImmediate } from 'node:timers/promises'
import { equalBytes } from '../../../core/bytes.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { type TracedBlock, traceBlock } from '../../trace/trace-block.ts'
import { prunedBlock, requireState } from '../block-ref.ts'
import { Type } from '../method.ts'
import { Bech32Address, Data, DecimalString, decimalString, Hash32, Integer, Nullable } from '../schema.ts'
import { UUID_PATTERN } from './result.ts'

const AnyJson = Type.Unknown()
const exact = { additionalProperties: false } as const

const Access = Type.Object(
  {
    table: Type.String(),
    key: Type.Unknown({ description: 'parts of the key by name; null where the table has one record' }),
    tree_key: Hash32,
    written: Type.Boolean(),
    before: Type.Unknown({ description: 'the record as the step found it; null: there was none' }),
    before_raw: Nullable(Data),
    after: Type.Optional(AnyJson),
    after_raw: Type.Optional(Nullable(Data)),
  },
  { ...exact, description: 'a record read or, with after, written' },
)

const Effect = Type.Object(
  {
    table: Type.String(),
    key: AnyJson,
    category: Type.String(),
    change: Type.String({ pattern: '^-?[0-9]{1,78}$', description: 'wei, in (positive) or out of the record' }),
  },
  exact,
)

export const TraceStep = Type.Object(
  { minted: DecimalString, burned: DecimalString, effects: Type.Array(Effect), accesses: Type.Array(Access) },
  exact,
)

const Compute = Type.Object(
  {
    seed_height: Nullable(Integer),
    matrix_size: Nullable(Integer),
    attempt: Nullable(Integer),
    tile: Nullable(Integer),
    seed: Nullable(Hash32),
    task_id: Nullable(Type.String({ pattern: UUID_PATTERN })),
    difficulty_macs: Nullable(DecimalString),
    target: Nullable(Hash32),
    claimed: Nullable(Hash32),
    ticket: Nullable(Hash32),
    checks: Type.Array(Type.Object({ check: Type.String(), passed: Type.Boolean() }, exact)),
    verdict: Type.Union([Type.Literal('accepted'), Type.Literal('refused')]),
  },
  { ...exact, description: 'the lottery ticket recomputed; checks up to the one that failed' },
)

export const TransactionTrace = Type.Object(
  {
    index: Integer,
    hash: Hash32,
    kind: Type.String(),
    from: Bech32Address,
    status: Integer,
    error: Nullable(Type.String()),
    gas: Type.Object(
      {
        limit: Integer,
        used: Integer,
        gram: Integer,
        steps: Type.Array(Type.Object({ step: Type.String(), gas: Integer }, exact)),
        gram_steps: Type.Array(Type.Object({ input: Integer, units: Integer, gram: Integer }, exact)),
        price: DecimalString,
        fee: decimalString('wei: (gas + gram) * price'),
      },
      exact,
    ),
    check: TraceStep,
    charge: TraceStep,
    action: TraceStep,
    compute: Nullable(Compute),
  },
  exact,
)

/**
 * Undefined for genesis, which executes nothing, and for a block beside the chain under the tip.
 * @throws RpcError `BLOCK_PRUNED` when the parent's state is gone
 */
export async function traceOf(
  node: NodeApi,
  { block, transactions, final }: ExecutedBlock,
  range: { readonly from: number; readonly count: number },
): Promise<TracedBlock | undefined> {
  const { height, parentHash } = block.header
  if (height === 0) return undefined
  const there = node.blockByHeight(height)
  if (there === undefined || !equalBytes(there.block.hash, block.hash)) return undefined
  const { state } = requireState(node, height - 1)
  const parent = node.blockByHeight(height - 1)?.block ?? node.blockByHash(parentHash)?.block
  const { rules } = node
  if (parent === undefined || rules === undefined) throw prunedBlock(node, height - 1)
  // The state under a block that is not final moves on when its parent becomes final: no turn may end in between.
  const pause = final ? { pause: () => setImmediate() } : {}
  return traceBlock({ block, parent, transactions, state, rules }, { ...range, ...pause })
}
