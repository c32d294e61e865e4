import { utf8ToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, hexKey } from '../../core/bytes.ts'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { JsonValue } from '../conformance/json-value.ts'
import { readSpk, readTransaction } from '../conformance/kip-json.ts'
import { covenantId } from './covenant-id.ts'
import { BLAKE2B, BLAKE3, type KeyedHash, pureKeyed, SHA256_TAGGED } from './hashers.ts'
import { payloadDigest, transactionHash, transactionId } from './hashing.ts'
import { isSigHashType, SIG_HASH, schnorrSigHash } from './sighash.ts'
import type { KipTransaction, UtxoEntry } from './types.ts'

interface HasherVectors {
  readonly chunks: readonly string[]
  readonly hashers: readonly { readonly tag: string; readonly outputs: readonly string[] }[]
}

interface IdVectors {
  readonly zero_payload_digest: string
  readonly vectors: readonly { readonly tx: unknown; readonly id: string; readonly hash: string }[]
}

interface SigHashVectors {
  readonly hash_types: Readonly<Record<string, number>>
  readonly txs: Readonly<Record<string, unknown>>
  readonly entries: readonly { readonly amount: number; readonly scriptPublicKey: string }[]
  readonly vectors: readonly {
    readonly name: string
    readonly tx: string
    readonly hash_type: string
    readonly input_index: number
    readonly action: string
    readonly arg: number | null
    readonly expected: string
  }[]
}

const HASHERS: Readonly<Record<string, KeyedHash>> = { ...BLAKE2B, ...BLAKE3, ...SHA256_TAGGED }

describe('keyed hashes', () => {
  it('are the same with and without WebAssembly', () => {
    const data = Uint8Array.from({ length: 300 }, (_, i) => i & 255)
    const tag = 'SeqCommitActiveNode'
    const key = concatBytes(utf8ToBytes(tag), new Uint8Array(32 - tag.length))
    for (const length of [0, 1, 64, 65, 128, 129, 300]) {
      const part = data.subarray(0, length)
      expect(hexKey(BLAKE3.SeqCommitActiveNode(part))).toBe(hexKey(pureKeyed.blake3(part, key)))
      expect(hexKey(BLAKE2B.CovenantID(part))).toBe(hexKey(pureKeyed.blake2b(part, utf8ToBytes('CovenantID'))))
    }
  })

  const vectors = sharedVectors<HasherVectors>('kaspa_hashers.json')
  it.skipIf(vectors === undefined)('give every digest of kaspa_hashers.json', () => {
    let checked = 0
    for (const { tag, outputs } of vectors!.hashers) {
      const parts: Uint8Array[] = []
      for (const [i, chunk] of vectors!.chunks.entries()) {
        parts.push(fromHex(chunk))
        expect(hexKey(HASHERS[tag]!(...parts)), `${tag}, chunk ${i}`).toBe(outputs[i])
        checked++
      }
    }
    expect(checked).toBe(70)
  })
})

describe('ids and hashes of transactions', () => {
  const vectors = sharedVectors<IdVectors>('kaspa_txid.json')
  it.skipIf(vectors === undefined)('are those of kaspa_txid.json', () => {
    expect(hexKey(payloadDigest(new Uint8Array(0)))).toBe(vectors!.zero_payload_digest)
    for (const { tx, id, hash } of vectors!.vectors) {
      const read = readTransaction(new JsonValue(tx, id))
      expect([hexKey(transactionId(read)), hexKey(transactionHash(read))]).toEqual([id, hash])
    }
    expect(vectors!.vectors).toHaveLength(14)
  })
})

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Mutable<E>[] : T[K] }

function act(tx: Mutable<KipTransaction>, entries: Mutable<UtxoEntry>[], action: string, i: number): void {
  const input = tx.inputs[i]
  switch (action) {
    case 'NoAction':
      return
    case 'Output':
      tx.outputs[i]!.value = 100n
      return
    case 'Input':
      input!.outpoint = { ...input!.outpoint, index: 2 }
      return
    case 'ComputeBudget':
      // Version 0 has no such field: naming one takes the place of the count.
      input!.computeBudget = 1234
      input!.sigOpCount = 0
      return
    case 'SigOpCount':
      input!.sigOpCount = 123
      return
    case 'AmountSpent':
      entries[i]!.amount = 666n
      return
    case 'PrevScriptPublicKey': {
      const { spk } = entries[i]!
      entries[i]!.spk = { ...spk, script: concatBytes(spk.script, fromHex('010203')) }
      return
    }
    case 'Sequence':
      input!.sequence = 12_345n
      return
    case 'Payload':
      tx.payload = fromHex('06060604020001030307')
      return
    case 'Gas':
      tx.gas = 1234n
      return
    case 'SubnetworkId':
      tx.subnetworkId = concatBytes(fromHex('06060604020001030307'), new Uint8Array(10))
      return
    default:
      throw new Error(`the vectors have a new action ${action}`)
  }
}

describe('signature hashes', () => {
  it('are of six types', () => {
    const types = Array.from({ length: 256 }, (_, type) => type).filter(isSigHashType)
    expect(types).toEqual([1, 2, 4, 0x81, 0x82, 0x84])
    expect(SIG_HASH.anyoneCanPay).toBe(0x80)
  })

  it('of one transaction are those of its copies', () => {
    const spk = { version: 0, script: Uint8Array.of(1) }
    const outputs = [1n, 2n, 3n].map((value) => ({ value, spk }))
    const inputs = [0, 1, 2, 3].map((index) => ({
      ...{ outpoint: { txId: new Uint8Array(32), index }, sequence: BigInt(index), sigOpCount: index },
      signatureScript: new Uint8Array(0),
    }))
    const tx: KipTransaction = {
      ...{ version: 0, inputs, outputs, lockTime: 0n, gas: 0n, subnetworkId: new Uint8Array(20) },
      payload: Uint8Array.of(7),
    }
    const utxo = { amount: 1n, spk, daaScore: 0n, isCoinbase: false }
    const types = [1, 2, 4, 0x81, 0x82, 0x84]
    const all = inputs.flatMap((_, input) => types.map((type) => [input, type] as const))
    const hashes = all.map(([input, type]) => hexKey(schnorrSigHash(tx, utxo, input, type)))
    expect(hashes).toEqual(all.map(([input, type]) => hexKey(schnorrSigHash({ ...tx }, utxo, input, type))))
    expect(new Set(hashes).size).toBe(all.length)
  })

  const vectors = sharedVectors<SigHashVectors>('kaspa_sighash.json')
  it.skipIf(vectors === undefined)('are those of kaspa_sighash.json', () => {
    for (const { name, tx: txName, hash_type, input_index, action, arg, expected } of vectors!.vectors) {
      const tx = readTransaction(new JsonValue(vectors!.txs[txName], txName)) as Mutable<KipTransaction>
      const entries = [0, 1, 2].map((i) => {
        const { amount, scriptPublicKey } = vectors!.entries[i]!
        return {
          amount: BigInt(amount),
          spk: readSpk(new JsonValue(scriptPublicKey, `entry ${i}`)),
          daaScore: 0n,
          isCoinbase: false,
        }
      })
      act(tx, entries, action, arg ?? 0)
      const type = vectors!.hash_types[hash_type]!
      expect(hexKey(schnorrSigHash(tx, entries[input_index]!, input_index, type)), name).toBe(expected)
    }
    expect(vectors!.vectors).toHaveLength(34)
  })
})

describe('covenant ids', () => {
  const outpoint = { txId: new Uint8Array(32).fill(7), index: 1 }
  const output = { value: 5n, spk: { version: 0, script: Uint8Array.of(1, 2, 3) } }
  const id = hexKey(covenantId(outpoint, [[0, output]]))

  it.each([
    ['outpoint', covenantId({ ...outpoint, index: 2 }, [[0, output]])],
    ['index', covenantId(outpoint, [[1, output]])],
    ['value', covenantId(outpoint, [[0, { ...output, value: 6n }]])],
    ['script', covenantId(outpoint, [[0, { ...output, spk: { version: 0, script: Uint8Array.of(1, 2) } }]])],
    ['version', covenantId(outpoint, [[0, { ...output, spk: { ...output.spk, version: 1 } }]])],
    [
      'number of outputs',
      covenantId(outpoint, [
        [0, output],
        [1, output],
      ]),
    ],
  ])('bind the %s', (_, changed) => {
    expect(hexKey(changed)).not.toBe(id)
  })
})
