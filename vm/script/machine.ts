/** What a running script works on, and what it may ask. */
import type { Hash } from '../../core/bytes.ts'
import { schnorrSigHash } from '../kip/sighash.ts'
import type { KipInput, KipTransaction, UtxoEntry } from '../kip/types.ts'
import type { ProofVerifier } from '../zk/verify.ts'
import type { CovenantContext } from './covenants.ts'
import { ScriptError } from './errors.ts'
import { MAX_OPERATIONS } from './limits.ts'
import { Stack } from './stack.ts'

export interface ScriptContext {
  readonly transaction: KipTransaction
  /** What each input spends, in their order. */
  readonly utxos: readonly UtxoEntry[]
  readonly inputIndex: number
  readonly covenants: CovenantContext
  /** Script units the run may use. */
  readonly unitLimit: number
  /** The commitment of an ancestor block; undefined for any other block, or one too deep. */
  readonly seqCommitOf: (blockHash: Hash) => Hash | undefined
  readonly proofs: ProofVerifier
  /** Called before each instruction that is executed. */
  readonly trace?: (step: ScriptStep) => void
}

export interface ScriptStep {
  readonly script: 'signature' | 'public key' | 'redeem'
  readonly opcode: number
  readonly data: Uint8Array
  readonly offset: number
  /** Topmost last. */
  readonly stack: readonly Uint8Array[]
  readonly altStack: readonly Uint8Array[]
  readonly unitsUsed: number
}

/** `skip`: of a conditional that itself stands in a branch not taken. */
export type Branch = 'taken' | 'not taken' | 'skip'

export class Machine {
  readonly context: ScriptContext
  stack = new Stack()
  readonly altStack = new Stack()
  readonly branches: Branch[] = []
  /** By hash type: each covers the whole spent script, and a script may check hundreds of signatures. */
  readonly #sigHashes = new Map<number, Hash>()
  #operations = 0
  #unitsUsed = 0

  constructor(context: ScriptContext) {
    this.context = context
  }

  get unitsUsed(): number {
    return this.#unitsUsed
  }

  get isExecuting(): boolean {
    return this.branches.length === 0 || this.branches.at(-1) === 'taken'
  }

  /** @throws ScriptError `SCRIPT_UNITS_EXCEEDED`; what was asked for is not used then */
  charge(units: number): void {
    if (units > this.context.unitLimit - this.#unitsUsed) {
      throw new ScriptError(
        'SCRIPT_UNITS_EXCEEDED',
        `needs ${this.#unitsUsed + units} script units, and ${this.context.unitLimit} are paid for: raise the gas limit`,
      )
    }
    this.#unitsUsed += units
  }

  chargePushedBytes(): void {
    this.charge(this.stack.takePushedBytes() + this.altStack.takePushedBytes())
  }

  /** @throws ScriptError `TOO_MANY_OPERATIONS` */
  countOperations(count: number): void {
    this.#operations += count
    if (this.#operations > MAX_OPERATIONS) {
      throw new ScriptError('TOO_MANY_OPERATIONS', `a script has at most ${MAX_OPERATIONS} operations`)
    }
  }

  /** Between two scripts: operations are counted by script, and the second stack does not outlive one. */
  endScript(): void {
    this.altStack.clear()
    this.#operations = 0
  }

  /** What a Schnorr signature of this hash type signs. */
  sigHash(type: number): Hash {
    let hash = this.#sigHashes.get(type)
    if (hash === undefined) {
      const { transaction, utxos, inputIndex } = this.context
      hash = schnorrSigHash(transaction, utxos[inputIndex]!, inputIndex, type)
      this.#sigHashes.set(type, hash)
    }
    return hash
  }

  /** @throws ScriptError `INVALID_INPUT_INDEX` */
  input(index: number): KipInput {
    const input = this.context.transaction.inputs[index]
    if (input === undefined) throw new ScriptError('INVALID_INPUT_INDEX', `there is no input ${index}`)
    return input
  }

  /** @throws ScriptError `INVALID_INPUT_INDEX` */
  utxo(index: number): UtxoEntry {
    const utxo = this.context.utxos[index]
    if (utxo === undefined) throw new ScriptError('INVALID_INPUT_INDEX', `there is no input ${index}`)
    return utxo
  }

  /** @throws ScriptError `INVALID_OUTPUT_INDEX` */
  output(index: number): KipTransaction['outputs'][number] {
    const output = this.context.transaction.outputs[index]
    if (output === undefined) throw new ScriptError('INVALID_OUTPUT_INDEX', `there is no output ${index}`)
    return output
  }
}

/** What an opcode does. */
export type Operation = (machine: Machine) => void
export type Operations = readonly (readonly [opcode: number, operation: Operation])[]
