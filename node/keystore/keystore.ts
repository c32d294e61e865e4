/**
 * Encrypted account keys in Ethereum's Web3 Secret Storage format, version 3: scrypt, AES-128-CTR, keccak256 MAC.
 * geth, ethers and MetaMask read and write the same files.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto'
import { formatAddress } from '../../core/address.ts'
import { concatBytes, fromHex, hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'

export interface KeystoreFile {
  readonly version: 3
  readonly id: string
  /** 40 hex digits without prefix, as geth writes it. */
  readonly address: string
  /** Ours, for people: the same address as cpc1... */
  readonly bech32?: string
  readonly crypto: EncryptedSecret
}

/** The part of the format that holds the secret, whatever kind of key that is. */
export interface EncryptedSecret {
  readonly cipher: 'aes-128-ctr'
  readonly ciphertext: string
  readonly cipherparams: { readonly iv: string }
  readonly kdf: 'scrypt'
  readonly kdfparams: {
    readonly dklen: 32
    readonly n: number
    readonly p: number
    readonly r: number
    readonly salt: string
  }
  readonly mac: string
}

/** geth's standard cost: about a quarter second and 256 MiB. */
const STANDARD_SCRYPT_N = 1 << 18
/** Whoever guesses tries the empty password first, whatever a try costs: geth's light cost will do. */
const EMPTY_SCRYPT_N = 1 << 12
/** A file may not make us spend more than this: four times the standard memory. */
const MAX_SCRYPT_BYTES = 1 << 30

const invalid = (why: string): QuernError => new QuernError('KEYSTORE_INVALID', `not a usable keystore file: ${why}`)

const costFor = (password: string): number => (password === '' ? EMPTY_SCRYPT_N : STANDARD_SCRYPT_N)

function deriveKey(password: string, salt: Uint8Array, n: number, r: number, p: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 128 * n * r + 128 * r * p + (1 << 20) }
    scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

/** @param scryptN cost; lower it in tests only */
export async function encryptKey(
  privateKey: Uint8Array,
  password: string,
  scryptN = costFor(password),
): Promise<KeystoreFile> {
  const address = privateKeyToAddress(privateKey)
  return {
    version: 3,
    id: randomUUID(),
    address: hexKey(address),
    bech32: formatAddress(address),
    crypto: await encryptSecret(privateKey, password, scryptN),
  }
}

/** @param secret 32 bytes @param scryptN cost; lower it in tests only */
export async function encryptSecret(
  secret: Uint8Array,
  password: string,
  scryptN = costFor(password),
): Promise<EncryptedSecret> {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derived = await deriveKey(password, salt, scryptN, 8, 1)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = concatBytes(cipher.update(secret), cipher.final())
  return {
    cipher: 'aes-128-ctr',
    ciphertext: hexKey(ciphertext),
    cipherparams: { iv: hexKey(iv) },
    kdf: 'scrypt',
    kdfparams: { dklen: 32, n: scryptN, p: 1, r: 8, salt: hexKey(salt) },
    mac: hexKey(keccak256(concatBytes(derived.subarray(16, 32), ciphertext))),
  }
}

/** Checks the shape of a parsed file. @throws QuernError `KEYSTORE_INVALID` */
export function readKeystore(json: unknown): KeystoreFile {
  if (typeof json !== 'object' || json === null) throw invalid('it is not a JSON object')
  // ethers spells the field "Crypto", as the first geth versions did.
  const { Crypto: capitalised, ...rest } = json as { Crypto?: unknown }
  const file = (capitalised === undefined ? rest : { ...rest, crypto: capitalised }) as KeystoreFile
  if (file.version !== 3) throw invalid('only version 3 is supported')
  checkCrypto(file.crypto)
  return file
}

function checkCrypto(crypto: EncryptedSecret): void {
  if (crypto?.cipher !== 'aes-128-ctr') throw invalid('only the cipher aes-128-ctr is supported')
  if (crypto.kdf !== 'scrypt') throw invalid('only the key derivation scrypt is supported')
  const { n, r, p, dklen } = crypto.kdfparams
  const isCost = [n, r, p].every((value) => Number.isSafeInteger(value) && value > 0) && (n & (n - 1)) === 0
  if (!isCost || dklen !== 32 || p > 16 || 128 * n * r > MAX_SCRYPT_BYTES)
    throw invalid('scrypt parameters out of range')
}

/** @throws QuernError `KEYSTORE_INVALID`, `KEYSTORE_PASSWORD` */
export const decryptKey = async (file: KeystoreFile, password: string): Promise<Uint8Array> =>
  decryptSecret(readKeystore(file).crypto, password)

/** @throws QuernError `KEYSTORE_INVALID`, `KEYSTORE_PASSWORD` */
export async function decryptSecret(crypto: EncryptedSecret, password: string): Promise<Uint8Array> {
  checkCrypto(crypto)
  const { n, r, p, salt } = crypto.kdfparams
  const ciphertext = fromHex(crypto.ciphertext)
  const derived = await deriveKey(password, fromHex(salt), n, r, p)
  const mac = keccak256(concatBytes(derived.subarray(16, 32), ciphertext))
  const expected = fromHex(crypto.mac)
  if (expected.length !== 32 || !timingSafeEqual(mac, expected)) {
    throw new QuernError('KEYSTORE_PASSWORD', 'wrong password for this key: see --password-file and QUERN_PASSWORD')
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), fromHex(crypto.cipherparams.iv))
  return concatBytes(decipher.update(ciphertext), decipher.final())
}
