/**
 * The state tree of the vProgs framework: `scenarios` {name, versions: {version, writes: [key, valueHash][], root}[], proofs},
 * each proof with the root before, the root after and its encoding; `must_reject_forged_absence` is a proof that lies.
 */
import { hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { MemoryStore } from '../../core/kv.ts'
import {
  computeRoots,
  decodeMultiProof,
  encodeMultiProof,
  proveKeys,
  type TreeWrite,
  updateTree,
  VersionedTree,
  verifyMultiProof,
} from '../../core/smt/index.ts'
import { type Check, compare } from './check.ts'
import type { JsonValue } from './json-value.ts'

const readWrites = (json: JsonValue): TreeWrite[] =>
  json.list().map((pair) => ({ key: pair.item(0).bytes(32), valueHash: pair.item(1).bytes(32) }))

const readHashes = (json: JsonValue): Uint8Array[] => json.list().map((hash) => hash.bytes(32))

/** What `compute` gives, or the code with which it refuses. */
function outcome(compute: () => string): string {
  try {
    return compute()
  } catch (error) {
    if (error instanceof QuernError) return `${error.code}: ${error.message}`
    throw error
  }
}

const joined = (hashes: readonly Uint8Array[]): string => hashes.map(hexKey).join(' ')

/** @throws QuernError `VECTOR_MALFORMED` */
export async function* smtChecks(json: JsonValue): AsyncGenerator<Check> {
  for (const scenario of json.field('scenarios').list()) yield* scenarioChecks(scenario)
  const forged = json.optional('must_reject_forged_absence')
  if (forged !== undefined) yield* forgedChecks(forged)
}

async function* scenarioChecks(json: JsonValue): AsyncGenerator<Check> {
  const name = json.field('name').text()
  const store = new MemoryStore()
  const tree = new VersionedTree(store)
  for (const version of json.field('versions').list()) {
    const number = version.field('version')
    if (number.number() <= tree.latest) throw number.malformed('above the version before it')
    const update = updateTree(tree.read, readWrites(version.field('writes')))
    const root = hexKey(version.field('root').bytes(32))
    yield compare(`${name}: root of version ${number.number()}`, root, hexKey(update.root))
    await store.write(tree.commit(number.number(), update))
  }
  for (const [i, proof] of json.field('proofs').list().entries()) {
    yield* proofChecks(`${name}: proof ${i}`, proof, tree)
  }
}

async function* proofChecks(name: string, json: JsonValue, tree: VersionedTree): AsyncGenerator<Check> {
  const keys = readHashes(json.field('keys'))
  const bytes = json.field('proof').bytes()
  const previous = json.field('prev_root').bytes(32)
  const version = json.field('version')
  if (version.number() > tree.latest) throw version.malformed(`at most ${tree.latest}, the last version`)
  const read = await tree.readerAt(version.number(), keys)
  yield compare(
    `${name}: encoding`,
    hexKey(bytes),
    outcome(() => hexKey(encodeMultiProof(proveKeys(read, keys)))),
  )
  const values = () => joined(verifyMultiProof(decodeMultiProof(bytes), previous, keys))
  yield compare(`${name}: values`, joined(readHashes(json.field('old_value_hashes'))), outcome(values))
  const written = readHashes(json.field('new_value_hashes'))
  const roots = () => {
    const { previousRoot, newRoot } = computeRoots(decodeMultiProof(bytes), written)
    return joined([previousRoot, newRoot])
  }
  yield compare(`${name}: roots`, joined([previous, json.field('new_root').bytes(32)]), outcome(roots))
}

/** A proof under a true root that would have a key of the tree read as absent. */
function* forgedChecks(json: JsonValue): Generator<Check> {
  const { root } = updateTree(() => undefined, readWrites(json.field('tree')))
  yield compare('forged absence: root of its tree', hexKey(json.field('root').bytes(32)), hexKey(root))
  const bytes = json.field('proof').bytes()
  const found = outcome(() => {
    const proof = decodeMultiProof(bytes)
    return joined(verifyMultiProof(proof, root, proof.keys.slice(0, proof.memberships.length)))
  })
  const refusal = /^PROOF_INVALID: /.test(found)
  yield compare('forged absence: refused', 'PROOF_INVALID', refusal ? 'PROOF_INVALID' : found)
}
