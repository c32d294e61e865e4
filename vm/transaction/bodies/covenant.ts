/**
 * Body of kinds 16 and 17: a transaction that spends and creates outputs, in a lane or in none. PROTOCOL 8.
 *
 *     [laneId | empty, payload, lockTime,
 *      inputs  [[txId, index, sequence, signatureScript]],
 *      outputs [[grains, spkVersion, script, [] | [authorizingInput, covenantId]]]]
 *
 * LANE (16) names a lane; COVENANT (17) may. A lane's id is a namespace of four bytes and sixteen zeros.
 */
import { EMPTY_BYTES } from '../../../core/bytes.ts'
import { encodeUint, type RlpItem, rlpBytes, rlpBytesMax, rlpList, rlpNumber, rlpUint } from '../../../core/rlp.ts'
import {
  type CovenantBody,
  MAX_GRAINS,
  MAX_INPUTS,
  MAX_OUTPUTS,
  MAX_SIGNATURE_SCRIPT_BYTES,
  MAX_SPK_SCRIPT_BYTES,
} from '../../covenant/types.ts'
import type { CovenantBinding, KipInput, KipOutput } from '../../kip/types.ts'
import { type BodyCodec, bodyInvalid } from './codec.ts'

const LANE_ID_BYTES = 20
const NAMESPACE_BYTES = 4
const MAX_U64 = 2n ** 64n - 1n
const MAX_U32 = 2 ** 32 - 1
const MAX_U16 = 2 ** 16 - 1
/** Kaspa's coinbase transactions have it. */
const COINBASE_NAMESPACE = 1

/** Whether transactions may name it. @param id any bytes */
export function isLaneId(id: Uint8Array): boolean {
  if (id.length !== LANE_ID_BYTES || id.subarray(NAMESPACE_BYTES).some((byte) => byte !== 0)) return false
  const rest = id.subarray(1, NAMESPACE_BYTES).some((byte) => byte !== 0)
  return rest || id[0]! > COINBASE_NAMESPACE
}

const encodeInput = ({ outpoint, sequence, signatureScript }: KipInput): RlpItem => [
  outpoint.txId,
  encodeUint(outpoint.index),
  encodeUint(sequence),
  signatureScript,
]

const encodeOutput = ({ value, spk, binding }: KipOutput): RlpItem => [
  encodeUint(value),
  encodeUint(spk.version),
  spk.script,
  binding === undefined ? [] : [encodeUint(binding.authorizingInput), binding.covenantId],
]

const encode = ({ laneId, payload, lockTime, inputs, outputs }: CovenantBody): RlpItem => [
  laneId ?? EMPTY_BYTES,
  payload,
  encodeUint(lockTime),
  inputs.map(encodeInput),
  outputs.map(encodeOutput),
]

function bounded(item: RlpItem | undefined, most: number, what: string): number {
  const value = rlpNumber(item)
  if (value > most) throw bodyInvalid(`${what} is at most ${most}`)
  return value
}

function boundedBig(item: RlpItem | undefined, least: bigint, most: bigint, what: string): bigint {
  const value = rlpUint(item)
  if (value < least || value > most) throw bodyInvalid(`${what} is from ${least} to ${most}`)
  return value
}

function decodeInput(item: RlpItem): KipInput {
  const [txId, index, sequence, signatureScript] = rlpList(item, 4)
  return {
    outpoint: { txId: rlpBytes(txId, 32), index: bounded(index, MAX_U32, 'an index') },
    sequence: boundedBig(sequence, 0n, MAX_U64, 'a sequence'),
    signatureScript: rlpBytesMax(signatureScript, MAX_SIGNATURE_SCRIPT_BYTES),
  }
}

function decodeBinding(item: RlpItem | undefined): CovenantBinding | undefined {
  if (rlpList(item).length === 0) return undefined
  const [authorizingInput, covenantId] = rlpList(item, 2)
  return { authorizingInput: bounded(authorizingInput, MAX_U16, 'an input'), covenantId: rlpBytes(covenantId, 32) }
}

function decodeOutput(item: RlpItem): KipOutput {
  const [grains, version, script, bindingItem] = rlpList(item, 4)
  const binding = decodeBinding(bindingItem)
  return {
    value: boundedBig(grains, 1n, MAX_GRAINS, 'the value of an output, in grains,'),
    spk: { version: bounded(version, MAX_U16, 'a script version'), script: rlpBytesMax(script, MAX_SPK_SCRIPT_BYTES) },
    ...(binding === undefined ? {} : { binding }),
  }
}

function upTo(item: RlpItem | undefined, most: number, what: string): readonly RlpItem[] {
  const items = rlpList(item)
  if (items.length > most) throw bodyInvalid(`at most ${most} ${what}`)
  return items
}

function decode(item: RlpItem): CovenantBody {
  const [lane, payload, lockTime, inputs, outputs] = rlpList(item, 5)
  const laneId = rlpBytesMax(lane, LANE_ID_BYTES)
  if (laneId.length > 0 && !isLaneId(laneId)) {
    throw bodyInvalid('a lane id is a namespace of four bytes, above 1, and sixteen zeros')
  }
  return {
    laneId: laneId.length === 0 ? undefined : laneId,
    // The envelope bounds it.
    payload: rlpBytes(payload),
    lockTime: boundedBig(lockTime, 0n, MAX_U64, 'a lock time'),
    inputs: upTo(inputs, MAX_INPUTS, 'inputs').map(decodeInput),
    outputs: upTo(outputs, MAX_OUTPUTS, 'outputs').map(decodeOutput),
  }
}

export const covenantBody: BodyCodec<'COVENANT'> = {
  encode,
  decode: (item) => ({ kind: 'COVENANT', ...decode(item) }),
}

export const laneBody: BodyCodec<'LANE'> = {
  encode,
  decode: (item) => {
    const body = decode(item)
    if (body.laneId === undefined) throw bodyInvalid('a LANE transaction names its lane')
    return { kind: 'LANE', ...body }
  },
}
