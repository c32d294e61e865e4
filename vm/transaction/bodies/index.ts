/** The body codec of every native kind. PROTOCOL 2. */
import type { RlpItem } from '../../../core/rlp.ts'
import { type Action, KIND, type KindName } from '../types.ts'
import type { BodyCodec } from './codec.ts'
import { registerWorkerBody, submitResultBody } from './compute.ts'
import { covenantBody, laneBody } from './covenant.ts'
import { submitEvidenceBody } from './evidence.ts'
import {
  claimBody,
  delegateBody,
  stakeBody,
  undelegateBody,
  unjailBody,
  unstakeBody,
  updateValidatorBody,
} from './staking.ts'
import { devSetBalanceBody, transferBody } from './transfer.ts'

const BODIES: { readonly [K in KindName]: BodyCodec<K> } = {
  TRANSFER: transferBody,
  STAKE: stakeBody,
  UNSTAKE: unstakeBody,
  UPDATE_VALIDATOR: updateValidatorBody,
  DELEGATE: delegateBody,
  UNDELEGATE: undelegateBody,
  UNJAIL: unjailBody,
  SUBMIT_RESULT: submitResultBody,
  REGISTER_WORKER: registerWorkerBody,
  CLAIM: claimBody,
  SUBMIT_EVIDENCE: submitEvidenceBody,
  LANE: laneBody,
  COVENANT: covenantBody,
  DEV_SET_BALANCE: devSetBalanceBody,
}

const KIND_NAMES: ReadonlyMap<number, KindName> = new Map(
  (Object.entries(KIND) as [KindName, number][]).map(([name, byte]) => [byte, name]),
)

/** Undefined for a byte that names no kind. */
export const kindName = (kindByte: number): KindName | undefined => KIND_NAMES.get(kindByte)

export const encodeBody = (action: Action): RlpItem =>
  (BODIES[action.kind] as unknown as BodyCodec<KindName>).encode(action)

/** @throws QuernError whatever is wrong with the item */
export const decodeBody = (kind: KindName, item: RlpItem): Action => BODIES[kind].decode(item)
