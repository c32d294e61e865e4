import { toHex } from '../../../core/bytes.ts'
import { requireBlock } from '../block-ref.ts'
import { EXAMPLE_TARGETS, Targets, targetsJson } from '../chain/targets.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { defineMethod, Type } from '../method.ts'
import { DecimalString, Hash32, Integer } from '../schema.ts'

/** A result for height H names a seed of at most H - 2 (PROTOCOL 6.2), and the next block is the tip's height + 1. */
const SEED_BELOW_TIP = 1

export const poc_getWork = defineMethod({
  name: 'poc_getWork',
  summary:
    'What a worker needs to play the tile lottery: the newest final block that may seed it, the difficulty in ' +
    'multiply-accumulates, the target for each matrix size, and the last height that takes results of this seed.',
  params: [],
  result: Type.Object(
    {
      height: Integer,
      block_hash: Hash32,
      epoch: Integer,
      difficulty: DecimalString,
      matrix_sizes: Type.Array(Integer),
      targets: Targets,
      expires_height: Integer,
    },
    { additionalProperties: false },
  ),
  example: {
    params: [],
    result: {
      height: 10,
      block_hash: '0xbc214c14ee66a798962e91cdd8e1eaaaa2b0cbd8bf5dcd92c3a54465036d77dd',
      epoch: 1,
      difficulty: '4194304',
      matrix_sizes: [256, 512, 1024, 2048, 4096, 8192],
      targets: EXAMPLE_TARGETS,
      expires_height: 14,
    },
  },
  handler: ({ node }) => {
    const { matrixSizes, seedWindowBlocks } = node.genesis.params
    const tip = node.latest().height
    const height = Math.max(0, Math.min(node.finalized().height, tip - SEED_BELOW_TIP))
    const expires = height + seedWindowBlocks
    if (expires <= tip) {
      const message = `no final block is recent enough to seed work: wait until block ${tip} is final`
      throw new RpcError(RPC_CODE.resourceUnavailable, 'WORK_UNAVAILABLE', message)
    }
    const { header, hash } = requireBlock(node, height).block
    return {
      height,
      block_hash: toHex(hash),
      epoch: header.epoch,
      difficulty: header.difficulty.toString(),
      matrix_sizes: matrixSizes,
      targets: targetsJson(matrixSizes, header.difficulty),
      expires_height: expires,
    }
  },
})
