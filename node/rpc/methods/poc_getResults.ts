import { requireBlock } from '../block-ref.ts'
import { ComputeResultObject, resultsOf } from '../chain/result.ts'
import { defineMethod, required, Type } from '../method.ts'
import { HeightRef } from '../schema.ts'

export const poc_getResults = defineMethod({
  name: 'poc_getResults',
  summary:
    'The successful results of a block, in order. sha256 of the compact JSON of each, keys in this order, is a leaf of ' +
    'compute_root.',
  params: [required('height', HeightRef)],
  result: Type.Array(ComputeResultObject),
  example: {
    params: [6],
    result: [
      {
        task_id: 'de4f0ab5-ab40-81b0-8fb0-6104d7e66da7',
        worker_address: 'cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t',
        result_hash: '031bc7c663dfcb6b4dff3e8c410234d1113a573c0fbe8f54f22b42de9b3ef02d',
        proof: null,
        nonce: 107,
        signature: null,
      },
    ],
  },
  handler: ({ node }, height) => resultsOf(requireBlock(node, height)).map(({ json }) => json),
})
