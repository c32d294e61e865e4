/** Body of SUBMIT_EVIDENCE: two signed consensus messages of one validator in one view. */
import { equalBytes, ZERO_HASH } from '../../../core/bytes.ts'
import { encodeUint, type RlpItem, rlpBytes, rlpList, rlpNumber } from '../../../core/rlp.ts'
import type { SignedStatement } from '../types.ts'
import { type BodyCodec, bodyInvalid } from './codec.ts'
import { BLS_SIGNATURE_BYTES } from './staking.ts'

/** A statement's type on the wire is its index here. */
const STATEMENT_TYPES = ['proposal', 'notarize', 'nullify', 'finalize'] as const

/** [type, blockHash, signature]; blockHash is 32 zero bytes in a nullify */
const encodeStatement = ({ type, blockHash, signature }: SignedStatement): RlpItem => [
  encodeUint(STATEMENT_TYPES.indexOf(type)),
  blockHash,
  signature,
]

function decodeStatement(item: RlpItem | undefined): SignedStatement {
  const [index, hash, signature] = rlpList(item, 3)
  const type = STATEMENT_TYPES[rlpNumber(index)]
  if (type === undefined) throw bodyInvalid('statement type must be 0 proposal, 1 notarize, 2 nullify or 3 finalize')
  const blockHash = rlpBytes(hash, 32)
  if (type === 'nullify' && !equalBytes(blockHash, ZERO_HASH))
    throw bodyInvalid('a nullify names no block: use 32 zero bytes')
  return { type, blockHash, signature: rlpBytes(signature, BLS_SIGNATURE_BYTES) }
}

/** [validator, epoch, view, statement, statement] */
export const submitEvidenceBody: BodyCodec<'SUBMIT_EVIDENCE'> = {
  encode: ({ validator, epoch, view, first, second }) => [
    validator,
    encodeUint(epoch),
    encodeUint(view),
    encodeStatement(first),
    encodeStatement(second),
  ],
  decode: (item) => {
    const [validator, epoch, view, first, second] = rlpList(item, 5)
    return {
      kind: 'SUBMIT_EVIDENCE',
      validator: rlpBytes(validator, 20),
      epoch: rlpNumber(epoch),
      view: rlpNumber(view),
      first: decodeStatement(first),
      second: decodeStatement(second),
    }
  },
}
