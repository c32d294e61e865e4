/**
 * The exits of a bundle. Its script holds their root alone: the settlement that left it may show them in its payload, and
 * every claim since shows the exit that it took from, with its path.
 */
import { type Hash, toHex } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { u64le } from '../../../vm/kip/encode.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { decodeExits, type Exit } from '../../../vm/settlement/exits.ts'
import { type Claim, decodeClaim, decodePermissionScript, permissionScript } from '../../../vm/settlement/permission.ts'
import { BRANCH_TAG, EMPTY_LEAF, LEAF_TAG, type PathStep } from '../../../vm/settlement/permission-tree.ts'
import { exitsAfterClaim, permissionOf } from '../../../vm/settlement/transactions.ts'
import { Type } from '../method.ts'
import { Data, decimalString } from '../schema.ts'
import type { CovenantChain, PlacedTransaction } from './covenant-chain.ts'
import { paysTo, readOr } from './covenant-step.ts'

export const ExitList = Type.Array(
  Type.Object(
    { script: Data, grains: decimalString('what is left of it; 0: it was claimed') },
    { additionalProperties: false },
  ),
  { description: 'in the order of the tree' },
)

/** Exits that one answer shows; those of a single transaction always fit. */
const MAX_EXITS_SHOWN = 8_192

/** Room for exits in one answer. */
export class ExitRoom {
  #left = MAX_EXITS_SHOWN

  /** Null where they are not known, or there is no room left. */
  json(exits: readonly Exit[] | undefined) {
    if (exits === undefined || exits.length > this.#left) return null
    this.#left -= exits.length
    return exits.map(({ script, amount }) => ({ script: toHex(script), grains: amount.toString() }))
  }
}

/** Claims of a bundle that are followed back to its settlement; after more its exits are not shown. */
const MAX_CLAIMS_FOLLOWED = 256

const climb = (leaf: Hash, path: readonly PathStep[]): Hash =>
  path.reduce(
    (hash, { sibling, isLeft }) => (isLeft ? sha256(BRANCH_TAG, sibling, hash) : sha256(BRANCH_TAG, hash, sibling)),
    leaf,
  )

const indexOf = (path: readonly PathStep[]): number =>
  path.reduce((index, { isLeft }, level) => index + (isLeft ? 2 ** level : 0), 0)

/** The script that a claim leaves behind, from the claim alone; undefined where it took the last exit. */
export function scriptAfterClaim({
  redeem,
  script,
  amount,
  deduct,
  path,
}: Claim & { readonly redeem: Uint8Array }): Uint8Array | undefined {
  const { unclaimed, depth } = decodePermissionScript(redeem)
  const left = amount - deduct
  if (left < 0n) return undefined
  const leaf = left === 0n ? EMPTY_LEAF : sha256(LEAF_TAG, script, u64le(left))
  const after = left === 0n ? unclaimed - 1n : unclaimed
  return after < 1n ? undefined : permissionScript({ root: climb(leaf, path), unclaimed: after, depth })
}

const claimOf = (made: PlacedTransaction) =>
  readOr(() => decodeClaim(made.transaction.action.inputs[0]?.signatureScript ?? new Uint8Array()))

/** What the payload of a settlement shows, where it is what the output's script stands for. */
export const shownExits = (made: PlacedTransaction, index: number): Exit[] | undefined =>
  readOr(() => {
    const exits = decodeExits(made.transaction.action.payload)
    const spk = made.kip.outputs[index]?.spk
    return spk !== undefined && paysTo(spk, permissionScript(permissionOf(exits))) ? exits : undefined
  })

/** The exits of the bundle in this output as they stand now, those that were claimed with an amount of 0. */
export function exitsOf(chain: CovenantChain, made: PlacedTransaction, index: number): Exit[] | undefined {
  const claims: Claim[] = []
  let at: { readonly made: PlacedTransaction; readonly index: number } | undefined = { made, index }
  while (at !== undefined && claims.length <= MAX_CLAIMS_FOLLOWED) {
    const shown = shownExits(at.made, at.index)
    if (shown !== undefined) return afterClaims(shown, claims, made.kip.outputs[index]!.spk)
    const claim = claimOf(at.made)
    if (claim === undefined) return undefined
    claims.unshift(claim)
    const spent: Outpoint = at.made.transaction.action.inputs[0]!.outpoint
    const before = chain.makerOf(spent)
    at = before === undefined ? undefined : { made: before, index: spent.index }
  }
  return undefined
}

function afterClaims(
  shown: readonly Exit[],
  claims: readonly Claim[],
  spk: Parameters<typeof paysTo>[0],
): Exit[] | undefined {
  return readOr(() => {
    let exits = [...shown]
    for (const { path, deduct } of claims) exits = exitsAfterClaim({ exits, index: indexOf(path), deduct })
    return paysTo(spk, permissionScript(permissionOf(exits))) ? exits : undefined
  })
}
