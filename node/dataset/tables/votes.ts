import { signerIndexes } from '../../../consensus/certificate.ts'
import { formatAddress } from '../../../core/address.ts'
import { amount, defineDataset, flag, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'

export const votes = defineDataset({
  name: 'votes',
  version: 1,
  about: 'one row for each validator and certificate of a block: who signed it and who is missing from it',
  columns: {
    height: integer('of the block'),
    epoch: integer('whose set votes'),
    kind: text('notarize, or finalize where the block was finalised directly'),
    view: integer('of the certificate; later than the block’s where an epoch’s last block was proposed again'),
    validator: text('a member of the epoch’s set'),
    power_wei: amount('voting power: bonded stake'),
    signed: flag('whether the certificate holds its vote; a late vote is in none'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = Math.max(1, from); height <= to; height++) {
      const { header } = source.block(height).block
      const { members } = source.setOf(header)
      const { notarization, finalization } = source.certificates(height)
      for (const certificate of [notarization, finalization]) {
        if (certificate === undefined) continue
        const signers = new Set(signerIndexes(certificate.signers))
        for (const [index, { address, power }] of members.entries()) {
          yield {
            height,
            epoch: header.epoch,
            kind: certificate.kind,
            view: certificate.view,
            validator: formatAddress(address),
            power_wei: power,
            signed: signers.has(index),
          }
        }
      }
    }
  },
})
