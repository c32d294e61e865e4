import fs from 'node:fs'
import { expect, it } from 'vitest'
import { checksumAddress, formatAddress } from './address.ts'
import { bls, pureBls } from './bls.ts'
import { concatBytes, fromHex, hexKey, toHex, u32be, u64be, utf8 } from './bytes.ts'
import { DOMAINS } from './domains.ts'
import { domainHash, keccak256, sha256 } from './hash.ts'
import { leafHash, merklePath, merkleRoot } from './merkle.ts'
import { encodeRlp, encodeUint, type RlpItem } from './rlp.ts'
import { privateKeyToAddress, signHash } from './secp256k1.ts'

// The formats of this folder, fixed as values: if one of these changes, every node on the old format parts ways.
const vectors = JSON.parse(fs.readFileSync(new URL('./core.vectors.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown
>

const secret = sha256(utf8('quern test key'))
// The top byte is cleared, so that the key is below the group's order.
const [blsSecret, otherSecret] = [1, 2].map((n) => concatBytes(Uint8Array.of(0), sha256(Uint8Array.of(n)).subarray(1)))
const message = utf8('quern test message')
const leaves = Array.from({ length: 7 }, (_, i) => leafHash(Uint8Array.of(i)))
const nested: RlpItem = [
  encodeUint(0),
  encodeUint(1),
  encodeUint(128),
  [],
  [utf8('cat'), [new Uint8Array(56).fill(7)]],
  encodeUint(10n ** 24n),
]

function measure(): Record<string, unknown> {
  const { r, s, yParity } = signHash(sha256(message), secret)
  const address = privateKeyToAddress(secret)
  return {
    domains: DOMAINS,
    domainHash: hexKey(domainHash('blockHash', u32be(7), u64be(8n), message)),
    keccak256: hexKey(keccak256(message)),
    integers: hexKey(concatBytes(u32be(0x01020304), u64be(2n ** 63n + 5n))),
    rlp: hexKey(encodeRlp(nested)),
    merkleRoot: hexKey(merkleRoot(leaves)),
    merklePathOfLeaf6: merklePath(leaves, 6).map(hexKey),
    merkleRootEmpty: hexKey(merkleRoot([])),
    address: { hex: checksumAddress(address), bech32: formatAddress(address) },
    signature: { r: r.toString(16), s: s.toString(16), yParity },
    blsPublicKey: hexKey(bls.publicKey(blsSecret!)),
    blsSignature: hexKey(bls.sign(blsSecret!, message)),
    blsAggregate: hexKey(bls.aggregate([bls.sign(blsSecret!, message), bls.sign(otherSecret!, message)])),
  }
}

it('has not changed a format', () => {
  const { domains, ...rest } = measure()
  const { domains: recorded, ...wanted } = vectors
  expect(rest).toEqual(wanted)
  // New domains may join; one that is recorded stays as it is.
  expect(domains).toMatchObject(recorded as object)
})

it('holds a secret key that both BLS backends take', () => {
  expect(toHex(pureBls.publicKey(blsSecret!))).toBe(`0x${vectors.blsPublicKey}`)
  expect(fromHex(String(vectors.blsSignature))).toHaveLength(96)
})
