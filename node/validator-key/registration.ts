import { bls } from '../../core/bls.ts'
import type { GenesisValidator } from '../../vm/genesis.ts'
import { proofOfPossessionBytes } from '../../vm/statement.ts'
import type { ValidatorKey } from '../validator/proposer.ts'

type Registration = Pick<GenesisValidator, 'blsPublicKey' | 'proofOfPossession'>

/** What a genesis or a first STAKE says about a key: its public half, and the proof that the owner holds it. */
export function registrationOf({ owner, blsSecretKey }: ValidatorKey, chainId: number): Registration {
  const blsPublicKey = bls.publicKey(blsSecretKey)
  return {
    blsPublicKey,
    proofOfPossession: bls.sign(blsSecretKey, proofOfPossessionBytes(chainId, owner, blsPublicKey)),
  }
}
