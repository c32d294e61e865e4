import { UNITS_PER_GRAM } from '../../../vm/script/limits.ts'
import { operandUnits, tagUnits } from '../../../vm/zk/cost.ts'
import { readOperands } from '../../../vm/zk/operands.ts'
import type { NodeApi } from '../../api.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { defineMethod, required, Type } from '../method.ts'
import { DataParam, Integer, Nullable, readData } from '../schema.ts'

/** Kaspa's stack holds no more items. */
const MAX_ITEMS = 244
/** Proofs of this method that wait at once: those of transactions and blocks stand in the same queue. */
const MAX_WAITING = 8

/** What these say is about this node, not about the proof. */
const OF_THE_NODE: ReadonlySet<string> = new Set(['ZK_CIRCUIT_MISSING', 'ZK_OVERLOADED', 'ZK_CLOSED'])

const waiting = new WeakMap<NodeApi, number>()

async function inTurn<Value>(node: NodeApi, run: () => Promise<Value>): Promise<Value> {
  const before = waiting.get(node) ?? 0
  if (before >= MAX_WAITING) {
    const message = `${before} proofs that were asked about wait here: ask again in a second`
    throw new RpcError(RPC_CODE.resourceUnavailable, 'ZK_OVERLOADED', message)
  }
  waiting.set(node, before + 1)
  try {
    return await run()
  } finally {
    waiting.set(node, (waiting.get(node) ?? 1) - 1)
  }
}

export const vprog_verifyProof = defineMethod({
  name: 'vprog_verifyProof',
  summary:
    'Whether OpZkPrecompile would accept a proof, by the verifier that consensus asks, and the gram that a script pays for ' +
    'that. tag: 32 Groth16, 33 RISC Zero succinct, 223 development; operands: what stands on the stack below the tag, the ' +
    'topmost item last.',
  params: [
    required('tag', Type.Integer({ minimum: 0, maximum: 255, description: 'a tag: 32, 33 or 223' })),
    required('operands', Type.Array(DataParam, { maxItems: MAX_ITEMS, description: '0x hex of each stack item' })),
  ],
  result: Type.Object(
    {
      valid: Type.Boolean(),
      code: Nullable(Type.String({ description: 'stable code of why not' })),
      message: Nullable(Type.String()),
      gram: Integer,
    },
    { additionalProperties: false },
  ),
  example: {
    params: [223, [`0x${'00'.repeat(64)}`, `0x${'11'.repeat(32)}`, `0x${'22'.repeat(32)}`]],
    result: {
      valid: false,
      code: 'ZK_PROOF_FALSE',
      message: 'the development key did not sign this journal',
      gram: 1000,
    },
  },
  handler: async ({ node }, tag, items) => {
    const read = readOperands(
      tag,
      items.map((item) => readData(item, 'operands')),
    )
    const units = tagUnits(tag) ?? 0
    if (!read.ok) return refusal(read.error, units)
    const { operands } = read.value
    const more = operandUnits(operands)
    if (!more.ok) return refusal(more.error, units)
    const verdict = await inTurn(node, () => node.verifyProof(operands))
    if (verdict.ok) return { valid: true, code: null, message: null, gram: gramOf(units + more.value) }
    const { code, message } = verdict.error
    if (OF_THE_NODE.has(code)) throw new RpcError(RPC_CODE.resourceUnavailable, code, message)
    return refusal(verdict.error, units + more.value)
  },
})

const gramOf = (units: number): number => Math.ceil(units / UNITS_PER_GRAM)

const refusal = ({ code, message }: { readonly code: string; readonly message: string }, units: number) => ({
  valid: false,
  code,
  message,
  gram: gramOf(units),
})
