import { signerOf } from '../../consensus/vote.ts'
import { bls } from '../../core/bls.ts'
import type { ValidatorClaim } from '../../p2p/options.ts'
import type { ValidatorKey } from '../validator/proposer.ts'

/** How the node proves to its peers that it runs this validator. PROTOCOL 9. */
export function claimOf({ owner, blsSecretKey }: ValidatorKey): ValidatorClaim {
  const { publicKey, sign } = signerOf(bls, blsSecretKey)
  return { address: owner, blsPublicKey: publicKey, sign }
}
