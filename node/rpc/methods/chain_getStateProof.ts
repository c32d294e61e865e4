import { toHex } from '../../../core/bytes.ts'
import { prunedBlock, requireBlock, requireState } from '../block-ref.ts'
import { readTreeKey, TABLE_NAMES } from '../chain/state-key.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { Data, Hash32, HeightRef, Integer, Nullable } from '../schema.ts'

const KeyPart = Type.Union([
  Type.String({ pattern: '^(0x[0-9a-fA-F]{1,96}|[0-9]{1,16}|cpc1[02-9ac-hj-np-z]{38})$' }),
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
])
/** No table has more parts. */
const MAX_KEY_PARTS = 3
const Key = Type.Union([KeyPart, Type.Array(KeyPart, { maxItems: MAX_KEY_PARTS })], {
  description: 'the key, or a list of its parts: addresses, numbers, 0x hex bytes',
})

export const chain_getStateProof = defineMethod({
  name: 'chain_getStateProof',
  summary:
    'A record of the state after a block (default: the newest final one) with a sparse Merkle multi-proof of it under ' +
    "the header's state_root. value is the record's RLP, null when there is none, which the proof shows too; the tree " +
    'holds sha256(value) at tree_key.',
  params: [
    required('table', Type.String({ maxLength: 32, description: `a table: ${TABLE_NAMES.join(', ')}` })),
    optional('key', Key),
    optional('height', HeightRef),
  ],
  result: Type.Object(
    {
      table: Type.String(),
      tree_key: Hash32,
      height: Integer,
      block_hash: Hash32,
      state_root: Hash32,
      value: Nullable(Data),
      proof: Data,
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['account', '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', 2],
    result: {
      table: 'account',
      tree_key: '0xd302414c8d3aa295266f3a2633c9cf5987d4a6e6529ad6f62785ebe3bf53a6b5',
      height: 2,
      block_hash: '0xd4b91044337670a11cfac3c07f75cb8235725e4956ac426a76b5564507377a5e',
      state_root: '0xc92d6e26a3abe880feb83a1f24ca79e22a754c420af827b5bbffbd880e4eddd5',
      value: '0xcc018a021e0c001307071ab240',
      proof:
        '0x01000000d302414c8d3aa295266f3a2633c9cf5987d4a6e6529ad6f62785ebe3bf53a6b5010000000400000000008eaef183647f09f173338af5034ae5e75a6a52d6170bb34202f21ac37500774404000000020d1f766f8f6d21b3b014d0d6197777f23e25c4e00ae34276f8d09b88f6016d180223c1432b5c8c5da272b9700ff8cce1491d1e30daede583cb942ecd4dcc4847aa02f02f0430e91b04d7fd0cd2a67f2100f134c7e6a40bc60246f3079decc1a24eee02f5ba8adeb2ad84ba69623af595ce6237cc7670ed055366b8abdffd5abfbd2dce0100000000010000000000000000',
    },
  },
  handler: async ({ node }, table, key, ref = 'finalized') => {
    const treeKey = readTreeKey(table, key)
    const { header, hash } = requireBlock(node, ref).block
    const value = requireState(node, header.height).state.get(treeKey)
    const proof = await node.stateProof(header.height, [treeKey])
    if (proof === undefined) throw prunedBlock(node, header.height, 'state')
    return {
      table,
      tree_key: toHex(treeKey),
      height: header.height,
      block_hash: toHex(hash),
      state_root: toHex(header.stateRoot),
      value: value === undefined ? null : toHex(value),
      proof: toHex(proof),
    }
  },
})
