/** One output on one screen, spent or not. */
import { fromHex } from '../../../../core/bytes.ts'
import { fields } from '../../output.ts'
import { cpcOfGrains, describeScript } from '../arguments.ts'
import type { OutputAnswer } from '../output.ts'

export const outputScreen = (shown: OutputAnswer): string =>
  fields([
    ['output', shown.outpoint],
    ['holds', cpcOfGrains(BigInt(shown.grains))],
    ['pays', describeScript(fromHex(shown.spk.script))],
    ['covenant', shown.covenant_id ?? undefined],
    ['made', `block ${shown.height}, by ${shown.transaction_hash}`],
    ['spent', shown.spent_by === null ? 'no' : `block ${shown.spent_by.height}, by ${shown.spent_by.transaction_hash}`],
  ])
