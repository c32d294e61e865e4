/** Addresses as people give them on a command line: cpc1..., 0x..., or the name of one of their own keys. */
import { parseAddress } from '../../core/address.ts'
import { type Address, fromHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { defaultKeysDirectory, KeyDirectory } from '../keystore/directory.ts'

export type ReadAddress = (text: string) => Address

/** The reader's errors: `ADDRESS_INVALID` for what is neither an address nor the name of a key. */
export function addressReader(env: NodeJS.ProcessEnv, keysDir = defaultKeysDirectory(env)): ReadAddress {
  return (text) => {
    // A mistyped address must not be looked up as a name: its own error says more.
    if (/^(0x|cpc1)/i.test(text)) return parseAddress(text)
    const key = new KeyDirectory(keysDir).list().find(({ name }) => name === text)
    if (key !== undefined) return fromHex(key.hexAddress)
    throw new QuernError(
      'ADDRESS_INVALID',
      `"${text}" is neither an address (cpc1... or 0x...) nor one of your keys: see \`quern keys list\``,
    )
  }
}
