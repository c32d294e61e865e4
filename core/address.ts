/** Account addresses in their two text forms: bech32 `cpc1...` (BIP-173) and Ethereum's checksummed hex (EIP-55). */
import { bech32 } from '@scure/base'
import type { Address, Hex } from './bytes.ts'
import { fromHex, hexKey, utf8 } from './bytes.ts'
import { QuernError } from './errors.ts'
import { keccak256 } from './hash.ts'

const PREFIX = 'cpc'

/** bech32 with prefix `cpc`, lower case. */
export function formatAddress(address: Address): string {
  return bech32.encode(PREFIX, bech32.toWords(address))
}

/** `0x` hex with the EIP-55 checksum in its letter cases. */
export function checksumAddress(address: Address): Hex {
  const digits = hexKey(address)
  const hash = hexKey(keccak256(utf8(digits)))
  let out = ''
  for (let i = 0; i < digits.length; i++)
    out += Number.parseInt(hash[i]!, 16) >= 8 ? digits[i]!.toUpperCase() : digits[i]!
  return `0x${out}`
}

/**
 * Reads either text form. Mixed-case hex must carry a right EIP-55 checksum; all-lower and all-upper hex carry none.
 * @throws QuernError `ADDRESS_INVALID`
 */
export function parseAddress(text: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) {
    const address = fromHex(text)
    const digits = text.slice(2)
    const hasChecksum = digits !== digits.toLowerCase() && digits !== digits.toUpperCase()
    if (hasChecksum && checksumAddress(address) !== text) {
      throw new QuernError('ADDRESS_INVALID', 'address checksum (EIP-55) is wrong: check for a typing error', { text })
    }
    return address
  }
  try {
    const { prefix, words } = bech32.decode(text as `${string}1${string}`)
    const address = bech32.fromWords(words)
    // Upper-case bech32 decodes too; one text form per address keeps comparisons by string right.
    if (prefix === PREFIX && address.length === 20 && text === text.toLowerCase()) return address
  } catch (cause) {
    throw new QuernError('ADDRESS_INVALID', 'not an address: expected cpc1... or 0x and 40 hex digits', {}, { cause })
  }
  throw new QuernError('ADDRESS_INVALID', 'not an address: expected cpc1... or 0x and 40 hex digits')
}
