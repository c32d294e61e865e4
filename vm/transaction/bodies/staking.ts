/** Bodies of the staking kinds. */
import type { Address } from '../../../core/bytes.ts'
import { encodeUint, type RlpItem, rlpBoolean, rlpBytes, rlpList, rlpNumber, rlpUint } from '../../../core/rlp.ts'
import type { Action } from '../types.ts'
import { type BodyCodec, bodyInvalid, decodeText, encodeText } from './codec.ts'

export const BLS_PUBLIC_KEY_BYTES = 48
export const BLS_SIGNATURE_BYTES = 96

/** PROTOCOL 2. They fit a line, a link and a short paragraph, and bound the validator's record. */
export const MAX_NAME_BYTES = 64
export const MAX_WEBSITE_BYTES = 128
export const MAX_DESCRIPTION_BYTES = 256
/** Each position costs two reads and two writes at a flat price. PROTOCOL 2. */
export const MAX_CLAIM_POSITIONS = 16

/** [amount, [] | [blsPublicKey, proofOfPossession]] */
export const stakeBody: BodyCodec<'STAKE'> = {
  encode: ({ amount, registration }) => [
    encodeUint(amount),
    registration === undefined ? [] : [registration.blsPublicKey, registration.proofOfPossession],
  ],
  decode: (item) => {
    const [amount, registration] = rlpList(item, 2)
    const stake = { kind: 'STAKE', amount: rlpUint(amount) } as const
    if (rlpList(registration).length === 0) return stake
    const [key, proof] = rlpList(registration, 2)
    return {
      ...stake,
      registration: {
        blsPublicKey: rlpBytes(key, BLS_PUBLIC_KEY_BYTES),
        proofOfPossession: rlpBytes(proof, BLS_SIGNATURE_BYTES),
      },
    }
  },
}

/** [amount] */
export const unstakeBody: BodyCodec<'UNSTAKE'> = {
  encode: ({ amount }) => [encodeUint(amount)],
  decode: (item) => ({ kind: 'UNSTAKE', amount: rlpUint(rlpList(item, 1)[0]) }),
}

/** [name, website, description, commissionBps, openToWorkers] */
export const updateValidatorBody: BodyCodec<'UPDATE_VALIDATOR'> = {
  encode: (action) => [
    encodeText(action.name),
    encodeText(action.website),
    encodeText(action.description),
    encodeUint(action.commissionBps),
    encodeUint(action.openToWorkers ? 1 : 0),
  ],
  decode: (item) => {
    const [name, website, description, commissionBps, openToWorkers] = rlpList(item, 5)
    return {
      kind: 'UPDATE_VALIDATOR',
      name: decodeText(name, MAX_NAME_BYTES),
      website: decodeText(website, MAX_WEBSITE_BYTES),
      description: decodeText(description, MAX_DESCRIPTION_BYTES),
      commissionBps: rlpNumber(commissionBps),
      openToWorkers: rlpBoolean(openToWorkers),
    }
  },
}

/** [validator, amount] */
export const delegateBody: BodyCodec<'DELEGATE'> = {
  encode: ({ validator, amount }) => [validator, encodeUint(amount)],
  decode: (item) => {
    const [validator, amount] = rlpList(item, 2)
    return { kind: 'DELEGATE', validator: rlpBytes(validator, 20), amount: rlpUint(amount) }
  },
}

/** [validator, shares] */
export const undelegateBody: BodyCodec<'UNDELEGATE'> = {
  encode: ({ validator, shares }) => [validator, encodeUint(shares)],
  decode: (item) => {
    const [validator, shares] = rlpList(item, 2)
    return { kind: 'UNDELEGATE', validator: rlpBytes(validator, 20), shares: rlpUint(shares) }
  },
}

/** [] */
export const unjailBody: BodyCodec<'UNJAIL'> = {
  encode: () => [],
  decode: (item) => {
    rlpList(item, 0)
    return { kind: 'UNJAIL' }
  },
}

type Position = Extract<Action, { kind: 'CLAIM' }>['positions'][number]

function decodePosition(item: RlpItem): Position {
  const fields = rlpList(item)
  const validator: Address = rlpBytes(fields[0], 20)
  if (fields.length === 1) return { validator }
  const [, epoch] = rlpList(item, 2)
  return { validator, epoch: rlpNumber(epoch) }
}

/** [[validator] | [validator, epoch], ...], one to MAX_CLAIM_POSITIONS of them */
export const claimBody: BodyCodec<'CLAIM'> = {
  encode: ({ positions }) =>
    positions.map(({ validator, epoch }) => (epoch === undefined ? [validator] : [validator, encodeUint(epoch)])),
  decode: (item) => {
    const positions = rlpList(item)
    if (positions.length === 0 || positions.length > MAX_CLAIM_POSITIONS) {
      throw bodyInvalid(`a claim names 1 to ${MAX_CLAIM_POSITIONS} positions, got ${positions.length}`)
    }
    return { kind: 'CLAIM', positions: positions.map(decodePosition) }
  },
}
