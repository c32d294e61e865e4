/** Where the proof of a settlement comes from: a development key, the devnet's own, or a prover's file. */
import fs from 'node:fs'
import { equalBytes, fromHex, type Hash, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { decodeExits, type Exit } from '../../../vm/settlement/exits.ts'
import { journalDigest, type SettlementJournal } from '../../../vm/settlement/journal.ts'
import { signDevelopment } from '../../../vm/zk/development.ts'
import type { RpcClient } from '../rpc-client.ts'
import { hash32, hexBytes } from './arguments.ts'
import { readBytes } from './byte-file.ts'

/**
 * The development variant's one item of proof.
 * @param key secret, as hex or a file that holds it; undefined: the devnet behind the URL signs
 */
export async function developmentProof(
  client: RpcClient,
  imageId: Hash,
  journal: SettlementJournal,
  key: string | undefined,
): Promise<Uint8Array> {
  const digest = journalDigest(journal)
  if (key === undefined) {
    return fromHex(await client.call<string>('dev_prove', [toHex(imageId), toHex(digest)]))
  }
  const secret = fs.existsSync(key) ? readBytes(key) : hexBytes(key, '--dev-key', 32)
  if (secret.length !== 32) throw new QuernError('ARGUMENT_INVALID', `${key} does not hold a key of 32 bytes`)
  return signDevelopment(imageId, digest, secret)
}

/** What a prover proved. */
export interface ProvedStep {
  readonly block: Hash
  readonly newState: Hash
  readonly newLaneTip: Hash
  readonly exits: readonly Exit[]
  readonly depositHash?: Hash
  readonly proof: readonly Uint8Array[]
}

/** @throws QuernError `PROOF_FILE_INVALID` */
export function readProofFile(file: string): ProvedStep {
  const invalid = (why: string, cause?: unknown): QuernError =>
    new QuernError('PROOF_FILE_INVALID', `${file} is no proof file: ${why}`, {}, { cause })
  let json: Record<string, unknown>
  try {
    json = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch (cause) {
    throw invalid('it is not there, or no JSON', cause)
  }
  const { block, newState, newLaneTip, exits = '0x', proof, depositHash: deposits } = json
  const read = (name: string, value: unknown): Hash => {
    if (typeof value !== 'string') throw invalid(`"${name}" is 0x and 64 hex digits`)
    return hash32(value, `"${name}" of ${file}`)
  }
  if (!Array.isArray(proof) || !proof.every((item) => typeof item === 'string') || typeof exits !== 'string') {
    throw invalid('"proof" is a list of hex texts, and "exits" one')
  }
  return {
    block: read('block', block),
    newState: read('newState', newState),
    newLaneTip: read('newLaneTip', newLaneTip),
    exits: decodeExits(hexBytes(exits, `"exits" of ${file}`)),
    proof: proof.map((item) => hexBytes(item, `"proof" of ${file}`)),
    ...(deposits === undefined ? {} : { depositHash: read('depositHash', deposits) }),
  }
}

/** @throws QuernError `PROOF_LANE_TIP` */
export function checkLaneTip(proved: Hash, found: Hash): void {
  if (equalBytes(proved, found)) return
  throw new QuernError(
    'PROOF_LANE_TIP',
    `the proof ends the lane at ${toHex(proved)}, and the chain at ${toHex(found)}`,
  )
}
