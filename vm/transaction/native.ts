/**
 * The native envelope. PROTOCOL 2.
 *
 *     0x71 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, kind, body, yParity, r, s])
 *
 * Signed is keccak256 of the same without the last three. Bodies are RLP lists (absent = empty string or empty list):
 *
 *      1 TRANSFER          [to, value, memo]
 *      2 STAKE             [amount, [] | [blsPublicKey, proofOfPossession]]
 *      3 UNSTAKE           [amount]
 *      4 UPDATE_VALIDATOR  [name, website, description, commissionBps, openToWorkers]
 *      5 DELEGATE          [validator, amount]
 *      6 UNDELEGATE        [validator, shares]
 *      7 UNJAIL            []
 *      8 SUBMIT_RESULT     [challengeType, [h, n], [taskId, workerAddress, resultHash, proof, nonce, signature]]
 *      9 REGISTER_WORKER   [validator | empty, profile]
 *     10 CLAIM             [[validator] | [validator, epoch], ...], 1 to 16
 *     11 SUBMIT_EVIDENCE   [validator, epoch, view, [type, blockHash, signature], [type, blockHash, signature]]
 *     16 LANE              bodies/covenant.ts
 *     17 COVENANT          bodies/covenant.ts
 *    240 DEV_SET_BALANCE   [account, balance]
 *
 * Texts are strict UTF-8 within byte bounds. Whatever a body's bytes alone decide is decided here and makes the
 * transaction unfit for any block; what the state decides is the handlers' (vm/kinds).
 */
import { encodeRlp, type RlpItem, rlpList, rlpNumber, rlpUint, encodeUint as uint } from '../../core/rlp.ts'
import { decodeBody, encodeBody, kindName } from './bodies/index.ts'
import { checkChainId, type DecodeOptions, type EnvelopeFields, type EnvelopeFormat, readYParity } from './format.ts'
import { refuse } from './refusal.ts'
import { KIND, type KindName } from './types.ts'

export const NATIVE_TYPE_BYTE = 0x71
/** Room for a proof of 250,000 bytes and what surrounds it. PROTOCOL 2. */
export const MAX_NATIVE_ENVELOPE_BYTES = 300 << 10

/** @throws QuernError `TX_KIND_UNKNOWN` */
function readKind(kindByte: number, options: DecodeOptions): KindName {
  const kind = kindName(kindByte)
  if (kind === undefined || (kind === 'DEV_SET_BALANCE' && options.devKinds !== true)) {
    throw refuse('TX_KIND_UNKNOWN', `transaction kind ${kindByte} does not exist on this chain`)
  }
  return kind
}

const nativeItems = (fields: EnvelopeFields): RlpItem[] => [
  uint(fields.chainId),
  uint(fields.nonce),
  uint(fields.maxPriorityFeePerGas),
  uint(fields.maxFeePerGas),
  uint(fields.gasLimit),
  uint(KIND[fields.action.kind]),
  encodeBody(fields.action),
]

export const nativeFormat: EnvelopeFormat = {
  prefix: Uint8Array.of(NATIVE_TYPE_BYTE),
  maxBytes: MAX_NATIVE_ENVELOPE_BYTES,
  unsigned: nativeItems,
  signed: (fields, { yParity, r, s }) => [...nativeItems(fields), uint(yParity), uint(r), uint(s)],
  decode: (item, expected, options) => {
    const [chainId, nonce, priority, max, gasLimit, kind, bodyItem, yParity, r, s] = rlpList(item, 10)
    checkChainId(rlpUint(chainId), expected)
    const kindByte = rlpNumber(kind)
    const body = rlpList(bodyItem)
    return {
      fields: {
        type: 'native',
        chainId: expected,
        nonce: rlpNumber(nonce),
        maxPriorityFeePerGas: rlpUint(priority),
        maxFeePerGas: rlpUint(max),
        gasLimit: rlpNumber(gasLimit),
        action: decodeBody(readKind(kindByte, options), body),
      },
      signature: { yParity: readYParity(yParity), r: rlpUint(r), s: rlpUint(s) },
      kindByte,
      body: encodeRlp(body),
    }
  },
}
