/** Loads what verifies proofs here: the fastest curve and hash that run, and the operator's circuit table. */
import fs from 'node:fs'
import { messageOf, QuernError } from '../../core/errors.ts'
import { type Groth16Verifier, groth16Verifier } from '../../vm/zk/groth16/groth16.ts'
import { loadMclCurve } from '../../vm/zk/groth16/mcl-curve.ts'
import { nobleCurve } from '../../vm/zk/groth16/noble-curve.ts'
import { loadCircuit, type RecursionCircuit } from '../../vm/zk/risc0/circuit.ts'
import { succinctVerifier } from '../../vm/zk/risc0/receipt.ts'
import type { ProofSystems } from '../../vm/zk/verify.ts'
import { loadPoseidon2 } from './wasm/kernel.ts'

/** Structured-clonable: threads load their own from it. */
export interface ProofSystemOptions {
  /** The recursion circuit's table; without it tag 0x21 is refused. */
  readonly circuitFile?: string
  /** 32 bytes; without it tag 0xdf is refused. */
  readonly developmentKey?: Uint8Array
}

/** The table of RISC Zero 3.0 has 175 KB. */
const MAX_CIRCUIT_BYTES = 4 << 20

/** @throws QuernError `ZK_CIRCUIT_UNREADABLE`, `ZK_CIRCUIT_INVALID`, `ZK_CIRCUIT_MISMATCH` */
export function readCircuit(file: string): RecursionCircuit {
  let json: unknown
  try {
    const { size } = fs.statSync(file)
    if (size > MAX_CIRCUIT_BYTES) throw new Error(`it has ${size} bytes`)
    json = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (cause) {
    const message = `${file} is no circuit table (${messageOf(cause)}): set zk.risc0_circuit to the file`
    throw new QuernError('ZK_CIRCUIT_UNREADABLE', message, { file }, { cause })
  }
  return loadCircuit(json)
}

async function loadGroth16(): Promise<Groth16Verifier> {
  try {
    return groth16Verifier(await loadMclCurve())
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    return groth16Verifier(nobleCurve)
  }
}

/** @throws QuernError as `readCircuit` */
export async function loadProofSystems(options: ProofSystemOptions = {}): Promise<ProofSystems> {
  const { circuitFile, developmentKey } = options
  return {
    groth16: await loadGroth16(),
    ...(circuitFile === undefined ? {} : { succinct: succinctVerifier(readCircuit(circuitFile), loadPoseidon2) }),
    ...(developmentKey === undefined ? {} : { developmentKey }),
  }
}
