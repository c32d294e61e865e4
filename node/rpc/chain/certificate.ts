/** Certificates as `chain_` methods give them. PROTOCOL 5. */

import type { Certificate } from '../../../consensus/types.ts'
import { toHex } from '../../../core/bytes.ts'
import { type Static, Type } from '../method.ts'
import { Data, Hash32, Integer } from '../schema.ts'

export const CertificateObject = Type.Object(
  {
    kind: Type.Union([Type.Literal('notarize'), Type.Literal('nullify'), Type.Literal('finalize')]),
    epoch: Integer,
    view: Integer,
    block_hash: Hash32,
    signers: Type.String({
      pattern: '^0x([0-9a-f]{2})*$',
      description:
        "bitmap: bit i, least significant first, is validator i of the epoch's set in ascending address order",
    }),
    signature: Data,
  },
  { additionalProperties: false },
)
export type CertificateJson = Static<typeof CertificateObject>

export const certificateJson = (certificate: Certificate): CertificateJson => ({
  kind: certificate.kind,
  epoch: certificate.epoch,
  view: certificate.view,
  block_hash: toHex(certificate.blockHash),
  signers: toHex(certificate.signers),
  signature: toHex(certificate.signature),
})
