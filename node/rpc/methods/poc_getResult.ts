import { setImmediate } from 'node:timers/promises'
import { fromHex, type Hash, toHex } from '../../../core/bytes.ts'
import { computeResultJson, formatUuid } from '../../../vm/compute-root.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { prunedBlock } from '../block-ref.ts'
import { ComputeResultObject, resultsOf, UUID_PATTERN } from '../chain/result.ts'
import { defineMethod, required, type Static, Type } from '../method.ts'
import { Hash32, Integer, Nullable } from '../schema.ts'

const ResultView = Type.Object(
  {
    transaction_hash: Hash32,
    status: Type.Union([Type.Literal('pending'), Type.Literal('accepted'), Type.Literal('failed')]),
    error: Nullable(Type.String({ description: 'stable code of why it failed' })),
    height: Nullable(Integer),
    block_hash: Nullable(Hash32),
    final: Type.Boolean(),
    index: Nullable(Type.Integer({ description: 'leaf of compute_root; null unless accepted' })),
    challenge_type: Type.String(),
    seed_height: Integer,
    matrix_size: Integer,
    result: ComputeResultObject,
  },
  { additionalProperties: false },
)
type ResultViewJson = Static<typeof ResultView>

/** No index by task id is kept. Results enter the chain within a seed window, of which this is the longest preset. */
const BLOCKS_SEARCHED = 256
const BLOCKS_PER_TURN = 16

/** Undefined for a transaction of another kind. */
function resultView(transaction: Transaction, executed?: ExecutedBlock): ResultViewJson | undefined {
  const { action, hash } = transaction
  if (action.kind !== 'SUBMIT_RESULT') return undefined
  const receipt = executed?.receipts[executed.transactions.indexOf(transaction)]
  const index =
    executed === undefined ? -1 : resultsOf(executed).findIndex((placed) => placed.transaction === transaction)
  return {
    transaction_hash: toHex(hash),
    status: receipt === undefined ? 'pending' : receipt.status === 1 ? 'accepted' : 'failed',
    error: receipt?.error ?? null,
    height: executed?.block.header.height ?? null,
    block_hash: executed === undefined ? null : toHex(executed.block.hash),
    final: executed?.final ?? false,
    index: index < 0 ? null : index,
    challenge_type: action.challengeType,
    seed_height: action.seedHeight,
    matrix_size: action.matrixSize,
    result: computeResultJson(action.result),
  }
}

function byTransaction(node: NodeApi, hash: Hash): ResultViewJson | undefined {
  const found = node.transactionByHash(hash)
  if (found !== undefined) return resultView(found.executed.transactions[found.index]!, found.executed)
  const waiting = node.pool().get(hash)
  return waiting === undefined ? undefined : resultView(waiting.transaction)
}

async function byTask(node: NodeApi, taskId: string): Promise<ResultViewJson | undefined> {
  const newest = node.latest().height
  for (let back = 0; back < BLOCKS_SEARCHED && back <= newest; back++) {
    if (back % BLOCKS_PER_TURN === BLOCKS_PER_TURN - 1) await setImmediate()
    const executed = node.blockByHeight(newest - back)
    if (executed === undefined) throw prunedBlock(node, newest - back)
    const transaction = executed.transactions.findLast(
      ({ action }) => action.kind === 'SUBMIT_RESULT' && formatUuid(action.result.taskId) === taskId,
    )
    if (transaction !== undefined) return resultView(transaction, executed)
  }
  return undefined
}

export const poc_getResult = defineMethod({
  name: 'poc_getResult',
  summary:
    `A result by the hash of its transaction, or the newest one of a task id in the last ${BLOCKS_SEARCHED} blocks; null ` +
    'when there is none. One task (attempt) can win with several tiles.',
  params: [
    required(
      'id',
      Type.Union([Hash32, Type.String({ pattern: UUID_PATTERN })], { description: 'a transaction hash or a task id' }),
    ),
  ],
  result: Nullable(ResultView),
  example: {
    params: ['0x8da5a66b856d94f35902d306db6cf5a581305b89a282c8c49d6271bd91b213a9'],
    result: {
      transaction_hash: '0x8da5a66b856d94f35902d306db6cf5a581305b89a282c8c49d6271bd91b213a9',
      status: 'accepted',
      error: null,
      height: 4,
      block_hash: '0x2f2e0bcceef45e9dbda1ef6c4fc38213c4f2f1c2ad322d402757259225740e98',
      final: true,
      index: 0,
      challenge_type: 'synthetic',
      seed_height: 1,
      matrix_size: 256,
      result: {
        task_id: '8a730a97-e803-8459-8543-2ac2ee979409',
        worker_address: 'cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t',
        result_hash: '009f79ac86c8707ea40bd4b2bfc819088f340a767e5bedfc95e829babc4d52f4',
        proof: null,
        nonce: 33,
        signature: null,
      },
    },
  },
  handler: async ({ node }, id) =>
    (id.startsWith('0x') ? byTransaction(node, fromHex(id)) : await byTask(node, id)) ?? null,
})
