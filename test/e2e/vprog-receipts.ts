/** Proofs as scripts take them: made by RISC Zero's own prover (where the vectors are), and made here. */
import { fromHex } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import { scriptOf } from '../../vm/script/assembly.ts'
import { OP } from '../../vm/script/opcodes.ts'
import type { Groth16Statement } from '../../vm/zk/groth16/groth16.ts'
import { ZK_TAG } from '../../vm/zk/operands.ts'
import { toyGroth16 } from '../../vm/zk/testing/toy-groth16.ts'
import { sharedVectors } from '../shared-vectors.ts'

/** The circuit's table, where the vectors are. */
export const CIRCUIT_FILE = new URL('../../../shared/vectors/risc0_recursion_circuit.json', import.meta.url).pathname

export interface Operand {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ProofCase {
  readonly name: string
  readonly tag: number
  /** As the opcode takes them, bottom first. */
  readonly operands: readonly Operand[]
  /** Of these, how many a spender brings; the script has the rest. */
  readonly witnesses: number
  /** Enough for its script. */
  readonly gram: number
}

const push = (operands: readonly Operand[]): Uint8Array => scriptOf(...operands.map(({ bytes }) => bytes))

/** Opens for a proof under the operands that it holds itself. */
export const demandingScript = ({ tag, operands, witnesses }: ProofCase): Uint8Array =>
  scriptOf(...operands.slice(witnesses).map(({ bytes }) => bytes), Uint8Array.of(tag), OP.OpZkPrecompile)

export const witnessOf = ({ operands, witnesses }: ProofCase): Uint8Array => push(operands.slice(0, witnesses))

/** The same with one bit changed, everywhere in turn: `count` bits of each operand, drawn from `random`. */
export function flipped(proof: ProofCase, random: Random, counts: Readonly<Record<string, number>>): ProofCase[] {
  return proof.operands.flatMap(({ name, bytes }, at) =>
    Array.from({ length: counts[name] ?? 0 }, () => {
      const bit = random.below(8 * bytes.length)
      const changed = bytes.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const operands = proof.operands.with(at, { name, bytes: changed })
      return { ...proof, name: `${proof.name}: ${name}, bit ${bit}`, operands }
    }),
  )
}

function groth16Case(name: string, { key, proof, inputs }: Groth16Statement): ProofCase {
  const operands = [
    ...inputs.map((bytes, i) => ({ name: `input ${i}`, bytes })).toReversed(),
    { name: 'count', bytes: Uint8Array.of(inputs.length) },
    { name: 'proof', bytes: proof },
    { name: 'key', bytes: key },
  ]
  return { name, tag: ZK_TAG.groth16, operands, witnesses: operands.length - 1, gram: 160_000 }
}

/** Needs no vectors. */
export const toyCase = (): ProofCase => groth16Case('a proof made here', toyGroth16(2).prove([3n, 5n]))

interface Groth16File {
  readonly vk: string
  readonly proof: string
  readonly inputs: readonly string[]
}

function risc0Groth16(): ProofCase | undefined {
  const file = sharedVectors<Groth16File>('groth16_kip16.json')
  if (file === undefined) return undefined
  const { vk, proof, inputs } = file
  const statement = { key: fromHex(vk), proof: fromHex(proof), inputs: inputs.map(fromHex) }
  return groth16Case('a Groth16 receipt of RISC Zero', statement)
}

const SUCCINCT_OPERANDS = [
  'claim',
  'control_index',
  'control_digests',
  'seal',
  'journal_digest',
  'image_id',
  'control_id',
  'hashfn',
] as const

export function succinctCase(): ProofCase | undefined {
  const file = sharedVectors<Record<(typeof SUCCINCT_OPERANDS)[number], string>>('risc0_succinct_kip16.json')
  if (file === undefined) return undefined
  const operands = SUCCINCT_OPERANDS.map((name) => ({ name, bytes: fromHex(file[name]) }))
  return { name: 'a succinct receipt of RISC Zero', tag: ZK_TAG.succinct, operands, witnesses: 4, gram: 300_000 }
}

/** None where there are no vectors. */
export const receiptCases = (): ProofCase[] => [risc0Groth16() ?? [], succinctCase() ?? []].flat()
