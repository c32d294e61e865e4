/** The JSON-RPC methods of a light node: those of every node, over proved records (light-view.ts), and results by proof. */

import { headerHash } from '../../consensus/header.ts'
import { fromHex, hexKey, toHex } from '../../core/bytes.ts'
import { computeResultJson, resultJson } from '../../vm/compute-root.ts'
import { heightOf } from '../rpc/block-ref.ts'
import { defineMethod, type RpcMethod } from '../rpc/method.ts'
import { methods } from '../rpc/methods/index.ts'
import { type HeightRefValue, readNumber } from '../rpc/schema.ts'
import { Facts, LightView, type LightViewOptions, lightNode, Missing } from './light-view.ts'

/** Records that one call may read: each is a question to a peer. A set of a hundred validators, and room. */
const MAX_FETCHES = 256

/** They tell of blocks as they come, or of transactions that wait. */
const REFUSED: ReadonlySet<string> = new Set([
  'chain_subscribe',
  'eth_newBlockFilter',
  'eth_newFilter',
  'eth_newPendingTransactionFilter',
  'eth_subscribe',
  'vprog_subscribe',
])

type Answer = (options: LightViewOptions, params: readonly unknown[], view: LightView) => Promise<unknown>

/** Parameters are checked by the method's own schemas before these see them. */
const BY_PROOF: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  [
    'poc_getResult',
    async ({ client }, [id]) => {
      const text = id as string
      if (!text.startsWith('0x')) throw lightNode('index of tasks (a result is found by the hash of its transaction)')
      const { header, value } = await client.result({ transaction: fromHex(text) })
      return {
        transaction_hash: toHex(value.transactionHash),
        status: 'accepted',
        error: null,
        height: header.height,
        block_hash: toHex(headerHash(header)),
        final: true,
        index: value.index,
        challenge_type: value.challengeType,
        seed_height: value.seedHeight,
        matrix_size: value.matrixSize,
        result: computeResultJson(value.result),
      }
    },
  ],
  [
    'poc_getComputeProof',
    async ({ client }, [ref, position], view) => {
      const height = heightOf(view, ref as HeightRefValue)
      const index = readNumber(position as number | string, 'index')
      const { header, value } = await client.result({ height, index })
      return {
        leaf_json: resultJson(value.result),
        index,
        count: header.resultCount,
        path: value.path.map(toHex),
        compute_root: hexKey(header.computeRoot),
      }
    },
  ],
])

export const lightMethods = (options: LightViewOptions): RpcMethod[] =>
  methods.map((method) => {
    const byProof = BY_PROOF.get(method.name)
    if (REFUSED.has(method.name)) return { ...method, call: refuse }
    return byProof === undefined ? overRecords(method, options) : answeredBy(method, byProof, options)
  })

const refuse = (): never => {
  throw lightNode('blocks to tell of as they come')
}

const overRecords = (method: RpcMethod, options: LightViewOptions): RpcMethod => ({
  ...method,
  call: async (context, params) => {
    const facts = new Facts(options.client.newest)
    const node = new LightView(options, facts)
    for (let fetched = 0; fetched < MAX_FETCHES; fetched++) {
      try {
        return await method.call({ ...context, node }, params)
      } catch (error) {
        if (!(error instanceof Missing)) throw error
        await facts.learn(error.what, options.client)
      }
    }
    throw lightNode(`room for more than ${MAX_FETCHES} records in one answer`)
  },
})

const answeredBy = (method: RpcMethod, answer: Answer, options: LightViewOptions): RpcMethod =>
  defineMethod({
    ...method,
    handler: (_, ...params) => answer(options, params, new LightView(options, new Facts(options.client.newest))),
  })
