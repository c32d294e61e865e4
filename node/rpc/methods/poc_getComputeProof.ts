import { hexKey, toHex } from '../../../core/bytes.ts'
import { computeProof } from '../../../vm/compute-root.ts'
import { requireBlock } from '../block-ref.ts'
import { ComputeRoot } from '../chain/header.ts'
import { resultsOf } from '../chain/result.ts'
import { notFound } from '../errors.ts'
import { defineMethod, required, Type } from '../method.ts'
import { Hash32, HeightRef, Integer, NumberParam, readNumber } from '../schema.ts'

export const poc_getComputeProof = defineMethod({
  name: 'poc_getComputeProof',
  summary:
    'RFC 6962 inclusion proof of a result under compute_root. Leaf: sha256 of leaf_json; parent: sha256(0x01 || left || ' +
    'right); path: sibling hashes from leaf to root, none where a node is promoted.',
  params: [required('height', HeightRef), required('index', NumberParam)],
  result: Type.Object(
    {
      leaf_json: Type.String(),
      index: Integer,
      count: Integer,
      path: Type.Array(Hash32),
      compute_root: ComputeRoot,
    },
    { additionalProperties: false },
  ),
  example: {
    params: [4, 1],
    result: {
      leaf_json:
        '{"task_id":"8a730a97-e803-8459-8543-2ac2ee979409","worker_address":"cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t","result_hash":"01eeb2948e1184918fae527655c195fcaadf1a4a9f281f1d87c34c612efc522f","proof":null,"nonce":64,"signature":null}',
      index: 1,
      count: 3,
      path: [
        '0xb4239ca7e4c760c8f05d0b43c6267f7d41a293b920f5b32258be713a7e88db9d',
        '0x32f3ed1c2f1897a9209f9d13e4028c6535b6b3d4734dc4c0a8ec9f4a6279b97c',
      ],
      compute_root: 'ffbb21ef21ceb8d52193189b554142a40fea32defcb99e550a68f3c3f6865f82',
    },
  },
  handler: ({ node }, height, position) => {
    const results = resultsOf(requireBlock(node, height)).map(({ result }) => result)
    const index = readNumber(position, 'index')
    if (index >= results.length) {
      throw notFound('RESULT_UNKNOWN', `the block has ${results.length} results, numbered from 0: there is no ${index}`)
    }
    const { leafJson, count, path, root } = computeProof(results, index)
    return { leaf_json: leafJson, index, count, path: path.map(toHex), compute_root: hexKey(root) }
  },
})
