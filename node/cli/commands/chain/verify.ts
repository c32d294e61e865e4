/** `quern chain verify`: every byte of a node's store against roots and signatures. */
import type { Command } from 'commander'
import { toHex } from '../../../../core/bytes.ts'
import { QuernError } from '../../../../core/errors.ts'
import { type ChainSourceFlags, openStoreSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { fields } from '../../output.ts'
import { commandProgress } from '../../progress.ts'

interface VerifyFlags extends ChainSourceFlags {
  readonly quick?: boolean
}

/** Printed for people; --json has more of them. */
const MAX_SHOWN = 40

export function addVerifyCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('verify'), context)
    .description(
      'check every byte of the store against roots, signatures and certificates; nothing is written; the node must be stopped',
    )
    .option('--quick', 'leave out the states before the newest one')
    .addHelpText(
      'after',
      '\nEach fault is named with its key and what can be done; the exit code is 1 if there is one.\n\nExamples:\n  quern chain verify\n  quern chain verify --quick --json',
    )
    .action((flags: VerifyFlags, command: Command) => verify(flags, command, context))
}

async function verify(flags: VerifyFlags, command: Command, context: CliContext): Promise<void> {
  const output = outputOf(command, context)
  const { describeFault } = await import('../../../storage/verify/faults.ts')
  const { verifyWithThreads } = await import('../../../storage/verify/threads.ts')
  const source = await openStoreSource(flags)
  const progress = commandProgress(output)
  const startedAt = performance.now()
  try {
    const report = await verifyWithThreads(source.store, source.genesis, {
      isQuick: flags.quick === true,
      onProgress: (phase, done, total) => progress.show(phase, done, total, phase === 'values' ? undefined : 'blocks'),
    })
    progress.end()
    const seconds = Math.round(performance.now() - startedAt) / 1_000
    const { faults, ...counts } = report
    const value = { ...counts, seconds, faults: faults.map((fault) => ({ ...fault, key: toHex(fault.key) })) }
    output.print(value, () =>
      [
        ...faults.slice(0, MAX_SHOWN).map(describeFault),
        ...(report.faultCount > MAX_SHOWN ? [`and ${report.faultCount - MAX_SHOWN} more: see them with --json`] : []),
        fields([
          ['blocks', `${report.blocks} (${report.blocksFrom} to ${report.head})`],
          ['transactions', report.transactions],
          ['certificates', report.certificates],
          ['state values', report.values],
          ['tree nodes', flags.quick === true ? 'of the newest state' : report.treeNodes],
          [
            'not checked',
            report.uncheckedEpochs.length === 0
              ? undefined
              : `certificates of ${report.uncheckedEpochs.length} epochs, whose validators are in no state here`,
          ],
          ['took', `${seconds} s`],
        ]),
      ].join('\n'),
    )
    if (report.faultCount > 0) {
      throw new QuernError('STORE_FAULTY', `${report.faultCount} faults: see what stands behind each`)
    }
  } finally {
    progress.end()
    await source.close()
  }
}
