import { toHex } from '../../../core/bytes.ts'
import { requireBlock } from '../block-ref.ts'
import { CertificateObject, certificateJson } from '../chain/certificate.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { Hash32, HeightRef, Integer, Nullable } from '../schema.ts'

export const chain_getCertificate = defineMethod({
  name: 'chain_getCertificate',
  summary:
    'Proof that more than two thirds of the power voted for a block (default: the newest final one). A block below one ' +
    'with a finalization is final too, and may have none of its own.',
  params: [optional('height', HeightRef)],
  result: Type.Object(
    {
      height: Integer,
      block_hash: Hash32,
      notarization: Nullable(CertificateObject),
      finalization: Nullable(CertificateObject),
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['finalized'],
    result: {
      height: 10,
      block_hash: '0xbc214c14ee66a798962e91cdd8e1eaaaa2b0cbd8bf5dcd92c3a54465036d77dd',
      notarization: {
        kind: 'notarize',
        epoch: 1,
        view: 1,
        block_hash: '0xbc214c14ee66a798962e91cdd8e1eaaaa2b0cbd8bf5dcd92c3a54465036d77dd',
        signers: '0x03',
        signature:
          '0xa12c4e9775a28296c76ae792281d8e50fc44e19c62c222af35f4aa203b620ea1cf3cb4ff25f9e30775c1b5db7ac775741922ecc1f89ca6bca492d4087cea122399f62004de3e5ca28a960db783e1f0b8b7233f0ea50c35bd6138e5d2f41d9ade',
      },
      finalization: {
        kind: 'finalize',
        epoch: 1,
        view: 1,
        block_hash: '0xbc214c14ee66a798962e91cdd8e1eaaaa2b0cbd8bf5dcd92c3a54465036d77dd',
        signers: '0x03',
        signature:
          '0x98e2c722e7f490a4e2fa8cfb234a189b82c036f863313cb8e94418757c7d1d298af485ef5fad2e6b4cada705b29f26a31537a0424f8b14a4f6783439f7afd3a426d9eef00b04734b74791ea09ebfc8c20747e74f84f967c21918db1e5ec95559',
      },
    },
  },
  handler: ({ node }, ref = 'finalized') => {
    const { hash, header } = requireBlock(node, ref).block
    const { notarization, finalization } = node.certificates(header.height)
    return {
      height: header.height,
      block_hash: toHex(hash),
      notarization: notarization === undefined ? null : certificateJson(notarization),
      finalization: finalization === undefined ? null : certificateJson(finalization),
    }
  },
})
