/** What validators sign, as bytes. Six domains, so no signature can be passed off as another kind. PROTOCOL 1, 5. */
import { type Address, concatBytes, EMPTY_BYTES, type Hash, u64be } from '../core/bytes.ts'
import { DOMAIN_BYTES } from '../core/domains.ts'
import type { SignedStatement } from './transaction/types.ts'

export type StatementType = SignedStatement['type'] | 'reveal'

/** Nullify and reveal are about a view alone. */
const NAMES_BLOCK: Readonly<Record<StatementType, boolean>> = {
  proposal: true,
  notarize: true,
  finalize: true,
  nullify: false,
  reveal: false,
}

/** domain || genesisHash || epoch || view, and || blockHash for proposal, notarize and finalize; integers as u64 big endian. */
export const statementBytes = (
  type: StatementType,
  genesisHash: Hash,
  epoch: number,
  view: number,
  blockHash: Hash,
): Uint8Array =>
  concatBytes(DOMAIN_BYTES[type], genesisHash, u64be(epoch), u64be(view), NAMES_BLOCK[type] ? blockHash : EMPTY_BYTES)

/**
 * domain || chainId || owner || public key. It binds the owner, so a proof copied from the mempool registers nothing for
 * anybody else.
 */
export const proofOfPossessionBytes = (chainId: number, owner: Address, publicKey: Uint8Array): Uint8Array =>
  concatBytes(DOMAIN_BYTES.proofOfPossession, u64be(chainId), owner, publicKey)
