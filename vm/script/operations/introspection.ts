/** A script looks at its transaction (KIP-10, KIP-17), at covenants (KIP-20) and at the chain (KIP-21). */
import { concatBytes, type Hash, ZERO_HASH } from '../../../core/bytes.ts'
import { u64le } from '../../kip/encode.ts'
import type { ScriptPublicKey } from '../../kip/types.ts'
import { ScriptError } from '../errors.ts'
import type { Machine, Operation, Operations } from '../machine.ts'
import { inRange } from '../numbers.ts'
import { OP } from '../opcodes.ts'
import { substring } from './splice.ts'

const HASH_BYTES = 32

/** A script may ask for the length of the same one, of kilobytes, a million times. */
const known = new WeakMap<ScriptPublicKey, Uint8Array>()

/** As scripts see it: the version big endian, then the script. */
export function spkBytes(spk: ScriptPublicKey): Uint8Array {
  const { version, script } = spk
  const bytes = known.get(spk) ?? concatBytes(Uint8Array.of(version >> 8, version & 0xff), script)
  known.set(spk, bytes)
  return bytes
}

const number =
  (of: (machine: Machine) => bigint | number): Operation =>
  (machine) =>
    machine.stack.pushNumber(inRange(BigInt(of(machine))))

const bytes =
  (of: (machine: Machine) => Uint8Array): Operation =>
  (machine) =>
    machine.stack.push(of(machine))

/** Takes an index, and what is found there. */
const index = (machine: Machine): number => machine.stack.takeIndexes(1)[0]!
const input = (m: Machine) => m.input(index(m))
const utxo = (m: Machine) => m.utxo(index(m))
const output = (m: Machine) => m.output(index(m))

/** Takes index, start and end. */
const part =
  (of: (machine: Machine, index: number) => Uint8Array): Operation =>
  (machine) => {
    const [at, start, end] = machine.stack.takeIndexes(3) as [number, number, number]
    machine.stack.push(substring(of(machine, at), start, end))
  }

function popHash({ stack }: Machine): Hash {
  const hash = stack.pop()
  if (hash.length !== HASH_BYTES) {
    throw new ScriptError('INVALID_HASH_LENGTH', `a hash has ${HASH_BYTES} bytes, not ${hash.length}`)
  }
  return hash
}

/** Takes k, and the k-th of some indexes. */
function nth(indexes: readonly number[], k: number): number {
  const found = indexes[k]
  if (found === undefined) throw new ScriptError('COVENANT_INDEX', `there are ${indexes.length}, and not number ${k}`)
  return found
}

function chainblockSeqCommit(machine: Machine): void {
  const commitment = machine.context.seqCommitOf(popHash(machine))
  if (commitment === undefined) {
    throw new ScriptError(
      'BLOCK_UNKNOWN',
      'the block is no ancestor, or lies too deep below this one: name a newer one',
    )
  }
  machine.stack.push(commitment)
}

export const INTROSPECTION: Operations = [
  [OP.OpTxVersion, number((m) => m.context.transaction.version)],
  [OP.OpTxInputCount, number((m) => m.context.transaction.inputs.length)],
  [OP.OpTxOutputCount, number((m) => m.context.transaction.outputs.length)],
  [OP.OpTxLockTime, number((m) => BigInt.asIntN(64, m.context.transaction.lockTime))],
  [OP.OpTxSubnetId, bytes((m) => m.context.transaction.subnetworkId)],
  [OP.OpTxGas, number((m) => BigInt.asIntN(64, m.context.transaction.gas))],
  [
    OP.OpTxPayloadSubstr,
    (m) => {
      const [start, end] = m.stack.takeIndexes(2) as [number, number]
      m.stack.push(substring(m.context.transaction.payload, start, end))
    },
  ],
  [OP.OpTxPayloadLen, number((m) => m.context.transaction.payload.length)],
  [OP.OpTxInputIndex, number((m) => m.context.inputIndex)],
  [OP.OpOutpointTxId, bytes((m) => input(m).outpoint.txId)],
  [OP.OpOutpointIndex, number((m) => input(m).outpoint.index)],
  [OP.OpTxInputScriptSigSubstr, part((m, at) => m.input(at).signatureScript)],
  [OP.OpTxInputScriptSigLen, number((m) => input(m).signatureScript.length)],
  // Flags rather than a number: raw.
  [OP.OpTxInputSeq, bytes((m) => u64le(input(m).sequence))],
  [OP.OpTxInputAmount, number((m) => utxo(m).amount)],
  [OP.OpTxInputSpk, bytes((m) => spkBytes(utxo(m).spk))],
  [OP.OpTxInputSpkLen, number((m) => spkBytes(utxo(m).spk).length)],
  [OP.OpTxInputSpkSubstr, part((m, at) => spkBytes(m.utxo(at).spk))],
  [OP.OpTxInputDaaScore, number((m) => BigInt.asIntN(64, utxo(m).daaScore))],
  [OP.OpTxInputIsCoinbase, number((m) => (utxo(m).isCoinbase ? 1 : 0))],
  [OP.OpTxOutputAmount, number((m) => output(m).value)],
  [OP.OpTxOutputSpk, bytes((m) => spkBytes(output(m).spk))],
  [OP.OpTxOutputSpkLen, number((m) => spkBytes(output(m).spk).length)],
  [OP.OpTxOutputSpkSubstr, part((m, at) => spkBytes(m.output(at).spk))],

  [
    OP.OpAuthOutputCount,
    number((m) => {
      const at = index(m)
      m.input(at)
      return m.context.covenants.authorizedBy(at).length
    }),
  ],
  [
    OP.OpAuthOutputIdx,
    number((m) => {
      const [at, k] = m.stack.takeIndexes(2) as [number, number]
      m.input(at)
      return nth(m.context.covenants.authorizedBy(at), k)
    }),
  ],
  [OP.OpInputCovenantId, bytes((m) => utxo(m).covenantId ?? ZERO_HASH)],
  [OP.OpOutputCovenantId, bytes((m) => output(m).binding?.covenantId ?? ZERO_HASH)],
  [OP.OpOutputAuthorizingInput, number((m) => output(m).binding?.authorizingInput ?? -1)],
  [OP.OpCovInputCount, number((m) => m.context.covenants.inputsOf(popHash(m)).length)],
  [
    OP.OpCovInputIdx,
    number((m) => {
      const k = index(m)
      return nth(m.context.covenants.inputsOf(popHash(m)), k)
    }),
  ],
  [OP.OpCovOutputCount, number((m) => m.context.covenants.outputsOf(popHash(m)).length)],
  [
    OP.OpCovOutputIdx,
    number((m) => {
      const k = index(m)
      return nth(m.context.covenants.outputsOf(popHash(m)), k)
    }),
  ],
  [OP.OpChainblockSeqCommit, chainblockSeqCommit],
]
