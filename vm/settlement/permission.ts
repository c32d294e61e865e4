/**
 * The permission script: it holds a bundle's exits, and lets anyone claim one for its holder, whole or in part.
 *
 *     redeem script = root, unclaimed count (the state) || body (by depth)        pays to its hash
 *
 * It demands, of a claim of `deduct` grains:
 *   - 0 < deduct <= the exit's amount, and the exit stands under the root;
 *   - output 0 pays `deduct` to the exit's script;
 *   - where exits remain, output 1 is this script with the exit reduced or emptied, bound to the covenant, with this value;
 *   - what deposits are spent beyond `deduct` goes back to the covenant's delegate script.
 * Once no exit remains its own value is the claimant's, for the work. Claims of one bundle follow one another.
 * Source: vprogs zk/backend/risc0/covenant; the funding rule is spelled out in PROTOCOL 8.
 */
import { concatBytes, equalBytes, type Hash } from '../../core/bytes.ts'
import { MAX_GRAINS } from '../covenant/types.ts'
import { u64le } from '../kip/encode.ts'
import { blake2b256 } from '../kip/hashers.ts'
import { encodeNumber } from '../script/numbers.ts'
import { OP } from '../script/opcodes.ts'
import { PERMISSION_MARKS } from './delegate.ts'
import { SettlementError } from './errors.ts'
import { delegateHashOf, ownBody, payToTop, selfMeasured, statePrefix } from './own-script.ts'
import { BRANCH_TAG, EMPTY_LEAF, LEAF_TAG, type PathStep } from './permission-tree.ts'
import { pushAll, pushedItems, readNumber } from './pushes.ts'
import { ScriptWriter, type WrittenScript } from './script-writer.ts'

/** Two stack items a level, so that a claim of any depth fits the engine's stack. */
export const MAX_DEPTH = 32
/** Deposits that one claim may spend. */
export const MAX_DELEGATES = 8
/** Holder, the rest of the bundle, change, and one of the claimant's own. */
const MAX_CLAIM_OUTPUTS = 4
/** This script's, the deposits', and the account's. */
const MAX_CLAIM_INPUTS = 1 + MAX_DELEGATES + 1

const COUNT_BYTES = 8
const PREFIX_BYTES = 1 + 32 + 1 + COUNT_BYTES
const VERSION_0 = Uint8Array.of(0, 0)

export interface PermissionState {
  readonly root: Hash
  /** Exits not yet claimed in full, at least 1. */
  readonly unclaimed: bigint
  /** Of the tree, 1 to 32. */
  readonly depth: number
}

export interface Claim {
  /** The exit's, and what is left of its amount. */
  readonly script: Uint8Array
  readonly amount: bigint
  /** Grains claimed. */
  readonly deduct: bigint
  readonly path: readonly PathStep[]
}

/** Node and sibling in their order, hashed; `last` uses the path's step up. */
function climb(w: ScriptWriter, level: number, node: string, last: boolean): void {
  const step = (name: string) => (last ? w.take(name) : w.copy(name))
  step(`isLeft${level}`).branch(
    () => step(`sibling${level}`).take(node).op(OP.OpCat),
    () => {
      w.take(node)
      step(`sibling${level}`).op(OP.OpCat)
    },
  )
  w.as('pair').push(BRANCH_TAG).take('pair').op(OP.OpCat).op(OP.OpSHA256).as(node)
}

const leafOnTop = (w: ScriptWriter, amount: string): ScriptWriter =>
  w.push(LEAF_TAG).copy('script').op(OP.OpCat).copy(amount).push(8n).op(OP.OpNum2Bin).op(OP.OpCat).op(OP.OpSHA256)

function writeBody(depth: number, bodyBytes: number): WrittenScript {
  const levels = Array.from({ length: depth }, (_, level) => level)
  const path = levels.toReversed().flatMap((level) => [`isLeft${level}`, `sibling${level}`])
  const w = new ScriptWriter([...path, 'script', 'amount', 'deduct', 'root', 'count'], PREFIX_BYTES)
  w.op(OP.OpTxInputIndex).push(0n).demand(OP.OpNumEqualVerify, 'this is input 0')
  w.push(0n).op(OP.OpInputCovenantId).as('id')

  w.copy('deduct').push(0n).op(OP.OpGreaterThan).demand(OP.OpVerify, 'something is claimed')
  w.copy('deduct').copy('amount').op(OP.OpLessThanOrEqual).demand(OP.OpVerify, 'no more is claimed than the exit holds')
  w.push(0n).op(OP.OpTxOutputAmount).copy('deduct').demand(OP.OpNumEqualVerify, 'output 0 pays what is claimed')
  w.push(VERSION_0).copy('script').op(OP.OpCat).push(0n).op(OP.OpTxOutputSpk)
  w.demand(OP.OpEqualVerify, 'output 0 pays the holder')

  w.copy('amount').copy('deduct').op(OP.OpSub).as('left')
  leafOnTop(w, 'amount').as('old')
  w.copy('left').branch(
    () => {
      leafOnTop(w, 'left').as('new')
      w.take('count').as('unclaimed')
    },
    () => {
      w.push(EMPTY_LEAF, 'new')
      w.take('count').op(OP.Op1Sub).as('unclaimed')
    },
  )
  for (const level of levels) {
    climb(w, level, 'old', false)
    climb(w, level, 'new', true)
  }
  w.take('old').take('root').demand(OP.OpEqualVerify, 'the exit stands under the root')

  w.copy('unclaimed').push(0n).op(OP.OpGreaterThan).as('remains')
  w.copy('id').op(OP.OpCovOutputCount).copy('remains')
  w.demand(OP.OpNumEqualVerify, 'the covenant goes on in output 1 where exits remain, and nowhere else')
  w.copy('remains').branch(() => {
    w.push(Uint8Array.of(32)).copy('new').op(OP.OpCat).push(Uint8Array.of(COUNT_BYTES)).op(OP.OpCat)
    w.copy('unclaimed').push(BigInt(COUNT_BYTES)).op(OP.OpNum2Bin).op(OP.OpCat)
    ownBody(w, bodyBytes).op(OP.OpCat).op(OP.OpBlake2b)
    payToTop(w).push(1n).op(OP.OpTxOutputSpk).demand(OP.OpEqualVerify, 'output 1 holds the exits that remain')
    w.push(1n).op(OP.OpOutputCovenantId).copy('id').demand(OP.OpEqualVerify, 'output 1 is bound to the covenant')
    w.push(1n).op(OP.OpTxOutputAmount).push(0n).op(OP.OpTxInputAmount)
    w.demand(OP.OpNumEqualVerify, 'output 1 keeps the value')
  })

  w.op(OP.OpTxOutputCount).push(BigInt(MAX_CLAIM_OUTPUTS)).op(OP.OpLessThanOrEqual)
  w.demand(OP.OpVerify, 'a claim has at most 4 outputs')
  w.op(OP.OpTxInputCount).as('inputs')
  w.copy('inputs').push(BigInt(MAX_CLAIM_INPUTS)).op(OP.OpLessThanOrEqual)
  w.demand(OP.OpVerify, 'a claim spends at most 8 deposits')
  delegateHashOf(w, 'id')
  payToTop(w).as('delegate')
  w.push(0n, 'funds')
  for (let input = 1n; input < MAX_CLAIM_INPUTS; input++) {
    w.push(input)
      .copy('inputs')
      .op(OP.OpLessThan)
      .branch(() => {
        w.push(input)
          .op(OP.OpTxInputSpk)
          .copy('delegate')
          .op(OP.OpEqual)
          .branch(() => w.push(input).op(OP.OpTxInputAmount).op(OP.OpAdd).as('funds'))
      })
  }
  w.take('funds').copy('deduct').op(OP.OpSub).as('change')
  w.copy('change').push(0n).op(OP.OpGreaterThanOrEqual).demand(OP.OpVerify, 'deposits pay for the claim')
  w.copy('change').branch(() => {
    w.push(1n).copy('remains').op(OP.OpAdd).as('at')
    w.copy('at').op(OP.OpTxOutputSpk).copy('delegate').demand(OP.OpEqualVerify, 'the change is a deposit')
    w.take('at').op(OP.OpTxOutputAmount).copy('change').demand(OP.OpNumEqualVerify, 'the change is all of the change')
  })
  return w.dropAll().push(1n).end(PERMISSION_MARKS)
}

/** By depth; at most `MAX_DEPTH` of them. */
const bodies = new Map<number, WrittenScript>()

/** The body of a permission script; offsets count from the start of the redeem script. @param depth 1 to 32 */
export function permissionBody(depth: number): WrittenScript {
  if (!Number.isInteger(depth) || depth < 1 || depth > MAX_DEPTH) {
    throw new SettlementError('EXIT_COUNT', `a bundle's tree has 1 to ${MAX_DEPTH} levels, not ${depth}`)
  }
  const known = bodies.get(depth)
  if (known !== undefined) return known
  const body = selfMeasured((bytes) => writeBody(depth, bytes))
  bodies.set(depth, body)
  return body
}

/** @throws SettlementError `EXIT_COUNT` */
export function permissionScript({ root, unclaimed, depth }: PermissionState): Uint8Array {
  if (unclaimed < 1n || unclaimed > MAX_GRAINS) {
    throw new SettlementError('EXIT_COUNT', `a bundle holds 1 exit or more, not ${unclaimed}`)
  }
  return concatBytes(statePrefix(root, u64le(unclaimed)), permissionBody(depth).script)
}

/** What a journal names: the bundle that a settlement leaves behind. */
export const permissionHash = (state: PermissionState): Hash => blake2b256(permissionScript(state))

/** @throws SettlementError `REDEEM_SCRIPT_UNKNOWN`, `EXIT_COUNT` */
export function decodePermissionScript(redeem: Uint8Array): PermissionState {
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    if (redeem.length !== PREFIX_BYTES + permissionBody(depth).script.length) continue
    const root = redeem.slice(1, 33)
    const unclaimed = new DataView(redeem.buffer, redeem.byteOffset).getBigUint64(34, true)
    const state = { root, unclaimed, depth }
    if (equalBytes(permissionScript(state), redeem)) return state
  }
  throw new SettlementError('REDEEM_SCRIPT_UNKNOWN', 'this is no standard permission script')
}

/** The signature script of a claim. */
export const encodeClaim = ({ script, amount, deduct, path }: Claim, redeem: Uint8Array): Uint8Array =>
  pushAll([
    ...path.toReversed().flatMap(({ isLeft, sibling }) => [encodeNumber(isLeft ? 1n : 0n), sibling]),
    script,
    encodeNumber(amount),
    encodeNumber(deduct),
    redeem,
  ])

const CLAIM_ITEMS = 4

/** @throws SettlementError `SIGNATURE_SCRIPT_MALFORMED`, `REDEEM_SCRIPT_UNKNOWN` */
export function decodeClaim(signatureScript: Uint8Array): Claim & { readonly redeem: Uint8Array } {
  const items = pushedItems(signatureScript)
  const [script, amount, deduct, redeem] = items.slice(-CLAIM_ITEMS)
  const { depth } = decodePermissionScript(redeem ?? new Uint8Array(0))
  if (items.length !== 2 * depth + CLAIM_ITEMS) {
    throw new SettlementError(
      'SIGNATURE_SCRIPT_MALFORMED',
      `a claim of depth ${depth} has ${2 * depth + CLAIM_ITEMS} items`,
    )
  }
  const path = Array.from({ length: depth }, (_, level) => {
    const at = 2 * (depth - 1 - level)
    const [side, sibling] = [readNumber(items[at]!), items[at + 1]!]
    if (side > 1n || sibling.length !== 32) {
      throw new SettlementError('SIGNATURE_SCRIPT_MALFORMED', `step ${level} is 0 or 1, and 32 bytes`)
    }
    return { sibling, isLeft: side === 1n }
  })
  return { script: script!, amount: readNumber(amount!), deduct: readNumber(deduct!), path, redeem: redeem! }
}
