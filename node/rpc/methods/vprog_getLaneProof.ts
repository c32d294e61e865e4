import { toHex } from '../../../core/bytes.ts'
import { contextHash, payloadAndContext } from '../../../vm/lanes/hashing.ts'
import { HeaderRef, requireBlockOf } from '../chain/header.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { Hash32, Integer } from '../schema.ts'
import { exampleStanding } from '../vprog/examples.ts'
import { blockPlace } from '../vprog/lane-block.ts'
import { LaneRef, readLane } from '../vprog/lane-ref.ts'
import { laneStanding } from '../vprog/lane-standing.ts'
import { standingFields, standingJson } from '../vprog/standing-json.ts'

export const vprog_getLaneProof = defineMethod({
  name: 'vprog_getLaneProof',
  summary:
    "How a lane stands under a block's seq_commit (default: the newest final block's), as KIP-21 proves it: the bytes of the " +
    'lane proof, and what leads from its root to the commitment. tip and blue_score are null where the lane is not active, ' +
    'which the proof shows too.',
  params: [required('lane', LaneRef), optional('block', HeaderRef)],
  result: Type.Object(
    {
      lane_key: Hash32,
      height: Integer,
      block_hash: Hash32,
      seq_commit: Hash32,
      ...standingFields,
      payload_and_context_digest: Hash32,
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['0x51000000', 11],
    result: {
      lane_key: '0x09cb4a3f7b9da8ac4dc4a2cd0a4b2fb5c48a6f7c3aba4e19fd5a06ab4a67ff86',
      height: 11,
      block_hash: '0x2b5aab9f53f8a8d1b2cf4ec6a2a5d6c4f1f0b9a88776655443322110ffeeddcc',
      seq_commit: `0x${'3a'.repeat(32)}`,
      ...exampleStanding,
      payload_and_context_digest: `0x${'4b'.repeat(32)}`,
    },
  },
  handler: ({ node }, ref, block = 'finalized') => {
    const { key } = readLane(ref)
    const executed = requireBlockOf(node, block)
    const standing = laneStanding(node, executed, key)
    return {
      lane_key: toHex(key),
      ...blockPlace(executed),
      ...standingJson(standing),
      payload_and_context_digest: toHex(payloadAndContext(contextHash(standing.context), standing.payloadRoot)),
    }
  },
})
