/** The flags of `quern vprog deploy` that say which program a covenant settles, and how it is proved. */
import type { Command } from 'commander'
import { ZERO_HASH } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { type Program, type ProofSystem, RESOLVE_CONTROL_ID } from '../../../vm/settlement/covenant.ts'
import { oneOf } from '../../config/kinds.ts'
import { argument } from '../argument.ts'
import { hash32 } from './arguments.ts'
import { readBytes } from './byte-file.ts'

export interface ProgramFlags {
  readonly system: ProofSystem['kind']
  readonly imageId?: string
  readonly batchImageId?: string
  readonly txImageId?: string
  readonly controlId?: string
  readonly controlRoot?: string
  readonly key?: string
}

export const withProgram = (command: Command): Command =>
  command
    .option(
      '--system <name>',
      'how it is proved: development, succinct, groth16',
      argument(oneOf<ProofSystem['kind']>('development', 'succinct', 'groth16')),
      'development',
    )
    .option('--image-id <hash>', 'of the guest that proves the aggregate (development: zeros)')
    .option('--batch-image-id <hash>', 'of the guest that proves a batch (development: zeros)')
    .option('--tx-image-id <hash>', 'of the guest that proves a transaction (development: zeros)')
    .option(
      '--control-id <hash>',
      "succinct: of the last recursion program (default: resolve's); groth16: the identity's",
    )
    .option('--control-root <hash>', 'groth16: of the release of RISC Zero')
    .option('--key <file>', "groth16: verifying key in arkworks' encoding, as bytes or in hex")

function required(value: string | undefined, flag: string, system: string): string {
  if (value !== undefined) return value
  throw new QuernError('ARGUMENT_INVALID', `a covenant of system ${system} needs ${flag}`)
}

function proofSystem({ system, controlId, controlRoot, key }: ProgramFlags): ProofSystem {
  switch (system) {
    case 'development':
      return { kind: system }
    case 'succinct':
      return {
        kind: system,
        controlId: controlId === undefined ? RESOLVE_CONTROL_ID : hash32(controlId, '--control-id'),
      }
    case 'groth16':
      return {
        kind: system,
        key: readBytes(required(key, '--key', system)),
        controlRoot: hash32(required(controlRoot, '--control-root', system), '--control-root'),
        identityControlId: hash32(required(controlId, '--control-id', system), '--control-id'),
      }
  }
}

/** @throws QuernError `ARGUMENT_INVALID`, `FILE_MISSING` */
export function programOf(flags: ProgramFlags): Program {
  const image = (value: string | undefined, flag: string) =>
    flags.system === 'development' && value === undefined
      ? ZERO_HASH
      : hash32(required(value, flag, flags.system), flag)
  return {
    txImageId: image(flags.txImageId, '--tx-image-id'),
    batchImageId: image(flags.batchImageId, '--batch-image-id'),
    imageId: image(flags.imageId, '--image-id'),
    proof: proofSystem(flags),
  }
}
