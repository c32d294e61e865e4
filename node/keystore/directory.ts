/** A folder of keystore files, one per name: `<name>.json`, readable by their owner only. */
import fs from 'node:fs'
import path from 'node:path'
import { checksumAddress, formatAddress, parseAddress } from '../../core/address.ts'
import { fromHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { defaultHome } from '../config/home-paths.ts'
import { type KeystoreFile, readKeystore } from './keystore.ts'

export interface StoredKey {
  readonly name: string
  readonly address: string
  readonly hexAddress: string
  readonly path: string
}

export const defaultKeysDirectory = (env: NodeJS.ProcessEnv): string => path.join(defaultHome(env), 'keys')

/** Names become file names, so they stay plain. */
function checkName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw new QuernError(
      'KEY_NAME_INVALID',
      `"${name}" cannot name a key: use letters, digits, dot, dash and underscore`,
    )
  }
}

const load = (file: string): KeystoreFile => {
  let json: unknown
  try {
    json = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new QuernError('KEYSTORE_INVALID', `cannot read ${file}`, {}, { cause })
  }
  return readKeystore(json)
}

export class KeyDirectory {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** @throws QuernError `KEY_EXISTS`, `KEY_NAME_INVALID`: a key is never overwritten */
  save(name: string, file: KeystoreFile): StoredKey {
    checkName(name)
    fs.mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    const target = path.join(this.#directory, `${name}.json`)
    try {
      fs.writeFileSync(target, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new QuernError('KEY_EXISTS', `a key named "${name}" exists already: choose another name`, {
          path: target,
        })
      }
      throw cause
    }
    return this.#describe(name, file)
  }

  list(): StoredKey[] {
    if (!fs.existsSync(this.#directory)) return []
    return fs
      .readdirSync(this.#directory)
      .filter((entry) => entry.endsWith('.json'))
      .sort()
      .map((entry) => this.#describe(entry.slice(0, -5), load(path.join(this.#directory, entry))))
  }

  /** By name or by either address form. @throws QuernError `KEY_NOT_FOUND` */
  find(nameOrAddress: string): { readonly key: StoredKey; readonly file: KeystoreFile } {
    const known = this.list()
    let address: string | undefined
    try {
      address = formatAddress(parseAddress(nameOrAddress))
    } catch {
      address = undefined
    }
    const key = known.find((entry) => entry.name === nameOrAddress || entry.address === address)
    if (key === undefined) {
      const names = known.map((entry) => entry.name).join(', ') || 'none yet: make one with `quern keys new NAME`'
      throw new QuernError('KEY_NOT_FOUND', `no key "${nameOrAddress}" in ${this.#directory} (keys: ${names})`)
    }
    return { key, file: load(key.path) }
  }

  #describe(name: string, file: KeystoreFile): StoredKey {
    const address = fromHex(file.address)
    return {
      name,
      address: formatAddress(address),
      hexAddress: checksumAddress(address),
      path: path.join(this.#directory, `${name}.json`),
    }
  }
}
