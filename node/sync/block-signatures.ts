/** What is signed in a final block and around it, as far as the validator sets are known. */
import { checkSigners, signerIndexes } from '../../consensus/certificate.ts'
import type { Certificate } from '../../consensus/types.ts'
import { revealBytes, voteBytes } from '../../consensus/vote.ts'
import type { SignatureCheck } from '../../core/bls.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import type { FinalBlock } from '../../p2p/transport.ts'
import { epochSets } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'

/**
 * Leader's reveal, parent's notarization, and the block's own certificates. What is of an epoch that this state does not know,
 * or cannot hold for other reasons, is left out: validation finds the reason.
 */
export function blockSignatures(
  served: readonly FinalBlock[],
  state: StateReader,
  genesisHash: Hash,
): SignatureCheck[] {
  const sets = new Map<number, ValidatorSet | undefined>()
  const setOf = (epoch: number): ValidatorSet | undefined => {
    if (!sets.has(epoch)) sets.set(epoch, readRecord(state, epochSets, epoch))
    return sets.get(epoch)
  }
  const checks: SignatureCheck[] = []
  const addCertificate = (certificate: Certificate | undefined): void => {
    const set = certificate === undefined ? undefined : setOf(certificate.epoch)
    if (certificate === undefined || set === undefined || checkSigners(certificate, set) !== undefined) return
    const publicKeys = signerIndexes(certificate.signers).map((index) => set.members[index]!.blsPublicKey)
    checks.push({ publicKeys, message: voteBytes(genesisHash, certificate), signature: certificate.signature })
  }
  for (const { block, notarization, finalization } of served) {
    const { epoch, view, proposer, randomnessReveal } = block.header
    const leader = setOf(epoch)?.members.find(({ address }) => equalBytes(address, proposer))
    if (leader !== undefined) {
      const message = revealBytes(genesisHash, epoch, view)
      checks.push({ publicKeys: [leader.blsPublicKey], message, signature: randomnessReveal })
    }
    for (const certificate of [block.parentCertificate, notarization, finalization]) addCertificate(certificate)
  }
  return checks
}
