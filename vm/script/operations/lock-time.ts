/** Absolute and relative lock times: a script demands what consensus holds the transaction to. */
import { ScriptError } from '../errors.ts'
import { FINAL_SEQUENCE, LOCK_TIME_THRESHOLD, SEQUENCE_LOCK_DISABLED, SEQUENCE_LOCK_MASK } from '../limits.ts'
import type { Machine, Operations } from '../machine.ts'
import { MAX_NUMBER_BYTES } from '../numbers.ts'
import { OP } from '../opcodes.ts'

/** Unsigned, little endian, of up to 8 bytes: no script number. */
function popUnsigned({ stack }: Machine): bigint {
  const bytes = stack.pop()
  if (bytes.length > MAX_NUMBER_BYTES) {
    throw new ScriptError('NUMBER_TOO_BIG', `a lock time has at most 8 bytes, not ${bytes.length}`)
  }
  return bytes.reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n)
}

const unsatisfied = (message: string): ScriptError => new ScriptError('UNSATISFIED_LOCK_TIME', message)

function checkLockTime(machine: Machine): void {
  const wanted = popUnsigned(machine)
  const { lockTime } = machine.context.transaction
  if (wanted < LOCK_TIME_THRESHOLD !== lockTime < LOCK_TIME_THRESHOLD) {
    throw unsatisfied(`the script speaks of ${wanted}, the transaction of ${lockTime}: one a height, the other a time`)
  }
  if (wanted > lockTime) throw unsatisfied(`locked until ${wanted}, and the transaction is bound to ${lockTime}`)
  if (machine.input(machine.context.inputIndex).sequence === FINAL_SEQUENCE) {
    throw unsatisfied('a final input is bound to no lock time')
  }
}

function checkSequence(machine: Machine): void {
  const wanted = popUnsigned(machine)
  if ((wanted & SEQUENCE_LOCK_DISABLED) !== 0n) return
  const { sequence } = machine.input(machine.context.inputIndex)
  if ((sequence & SEQUENCE_LOCK_DISABLED) !== 0n) throw unsatisfied('the input’s sequence is no lock')
  if ((wanted & SEQUENCE_LOCK_MASK) > (sequence & SEQUENCE_LOCK_MASK)) {
    throw unsatisfied(`locked for ${wanted & SEQUENCE_LOCK_MASK}, and the input for ${sequence & SEQUENCE_LOCK_MASK}`)
  }
}

export const LOCK_TIME: Operations = [
  [OP.OpCheckLockTimeVerify, checkLockTime],
  [OP.OpCheckSequenceVerify, checkSequence],
]
