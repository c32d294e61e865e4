/** The rows that say which store this is, those that consensus needs after a restart, and keys of no table. */
import { certificateFailure, certificateHash } from '../../../consensus/certificate.ts'
import type { JournalRecord } from '../../../consensus/simplex/types.ts'
import type { Block } from '../../../consensus/types.ts'
import { checkBody } from '../../../consensus/validate.ts'
import { proposalBytes, verifyVote } from '../../../consensus/vote.ts'
import { equalBytes } from '../../../core/bytes.ts'
import { messageOf } from '../../../core/errors.ts'
import { prefixEnd, prefixRange } from '../../../core/kv.ts'
import { decodeRlp } from '../../../core/rlp.ts'
import { submitEvidenceBody } from '../../../vm/transaction/bodies/evidence.ts'
import { SESSION_BYTES } from '../../validator-key/signed-places.ts'
import { decodeRecord } from '../journal.ts'
import { KEY, PREFIX } from '../layout.ts'
import type { Checked } from './checked.ts'

/** What it begins with is checked before all else (verify.ts). */
export async function checkRows(checked: Checked): Promise<void> {
  const { kv, faults, held, head } = checked
  const sessions = kv.get(KEY.signingSessions)
  if (sessions !== undefined && sessions.length % SESSION_BYTES !== 0) {
    faults.add('journal', KEY.signingSessions, 'is no list of signing sessions')
  }
  if (held.statesFrom > head || held.blocksFrom > held.statesFrom) {
    faults.add('store', KEY.held, 'names blocks and states that cannot be here')
  }
  for await (const [key, value] of kv.entries(prefixRange(PREFIX.record))) {
    try {
      if (key.length !== 9) throw new Error('it has no sequence number')
      const why = wrongRecord(checked, decodeRecord(value))
      if (why !== undefined) throw new Error(why)
    } catch (error) {
      faults.add('journal', key, `a record of the journal: ${messageOf(error)}`)
    }
  }
  for await (const [key, value] of kv.entries(prefixRange(PREFIX.evidence))) {
    try {
      const { validator } = submitEvidenceBody.decode(decodeRlp(value))
      if (!equalBytes(validator, key.subarray(1))) throw new Error('it is about another validator')
    } catch (error) {
      faults.add('journal', key, `evidence that waits for a block: ${messageOf(error)}`)
    }
  }
  await checkGaps(checked)
}

function wrongRecord({ genesis, scheme, setOf, leaderOf }: Checked, record: JournalRecord): string | undefined {
  const genesisHash = genesis.block.hash
  switch (record.type) {
    case 'vote': {
      const set = setOf(record.vote.epoch)
      const isSigned = set === undefined || verifyVote(record.vote, set, genesisHash, scheme)
      return isSigned ? undefined : 'the vote is not signed by who it names'
    }
    case 'certificate': {
      const set = setOf(record.certificate.epoch)
      const failure = set === undefined ? undefined : certificateFailure(record.certificate, set, genesisHash, scheme)
      return failure === undefined ? undefined : `the certificate does not verify (${failure.code})`
    }
    case 'proposal': {
      const { proposal } = record
      const leader = leaderOf(proposal.epoch, proposal.view)
      const isSigned =
        leader === undefined ||
        scheme.verify(leader.blsPublicKey, proposalBytes(genesisHash, proposal), proposal.signature)
      return isSigned ? wrongBody(proposal.block) : 'the proposal is not signed by its leader'
    }
    case 'block':
      return wrongBody(record.block)
  }
}

const wrongBody = (block: Block): string | undefined =>
  equalBytes(block.header.parentCertificateHash, certificateHash(block.parentCertificate))
    ? checkBody(block)?.message
    : 'its block carries another certificate than its header says'

/** Keys below, between and above the tables. A table's own keys are looked at where it is checked. */
async function checkGaps({ kv, faults }: Checked): Promise<void> {
  const tables = [...Object.values(KEY).filter((key) => key instanceof Uint8Array), ...TABLES].toSorted(
    (a, b) => a[0]! - b[0]!,
  )
  let from: Uint8Array | undefined
  for (const table of tables) {
    const gap = from === undefined ? { lt: table } : { gte: from, lt: table }
    for await (const [key] of kv.entries(gap)) faults.add('stray', key, 'belongs to no table')
    from = table.length === 1 && TABLES.includes(table) ? prefixEnd(table) : Uint8Array.of(...table, 0)
  }
  for await (const [key] of kv.entries({ gte: from! })) faults.add('stray', key, 'belongs to no table')
}

const TABLES: readonly Uint8Array[] = [
  ...Array.from({ length: 14 }, (_, i) => Uint8Array.of(0x10 + i)),
  PREFIX.value,
  PREFIX.valueHistory,
  PREFIX.change,
  PREFIX.tree,
  PREFIX.record,
  PREFIX.evidence,
]
