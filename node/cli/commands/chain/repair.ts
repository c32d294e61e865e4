/** `quern chain repair`: puts a damaged store right where it can, and cuts a chain back. */
import type { Command } from 'commander'
import { QuernError } from '../../../../core/errors.ts'
import type { KvStore } from '../../../../core/kv.ts'
import { type HomePaths, homePaths } from '../../../config/home-paths.ts'
import { whole } from '../../../config/kinds.ts'
import type { VerifyReport } from '../../../storage/verify/verify.ts'
import { argument } from '../../argument.ts'
import { type ChainSourceFlags, openStoreSource, type StoreSource, withChainSource } from '../../chain-source.ts'
import { type CliContext, outputOf } from '../../context.ts'
import { commandProgress } from '../../progress.ts'

interface RepairFlags extends ChainSourceFlags {
  readonly to?: number
}

/** What one repair uncovers, such as rows that led to forgotten blocks, the next one puts right. */
const MAX_ROUNDS = 4

export function addRepairCommand(chain: Command, context: CliContext): void {
  withChainSource(chain.command('repair'), context)
    .description('check the store and put right what can be; the node must be stopped')
    .option(
      '--to <height>',
      'cut the chain back first: the newest block is then this one, or the last directly final one below',
      argument(whole(0, Number.MAX_SAFE_INTEGER)),
    )
    .addHelpText(
      'after',
      '\nIndexes, receipts and the newest tree are made anew; damaged blocks and states of the past are forgotten, and can be\nfetched again. A validator whose journal or newest blocks go signs nothing that it may have signed before.\n\nExamples:\n  quern chain repair\n  quern chain repair --to 12000',
    )
    .action((flags: RepairFlags, command: Command) => repair(flags, command, context))
}

async function repair(flags: RepairFlags, command: Command, context: CliContext): Promise<void> {
  const output = outputOf(command, context)
  const progress = commandProgress(output)
  const done: string[] = []
  const did = (what: string): void => {
    progress.end()
    done.push(what)
    output.note(what)
  }
  const bar = (store?: KvStore): Promise<void> =>
    flags.store === undefined ? barValidator(homePaths(flags.home), store, did) : noBar()
  const source = await openOrRescue(flags, did, bar)
  try {
    const { store, genesis, circuitFile } = source
    const { migrate } = await import('../../../storage/migrate.ts')
    const { cutBack } = await import('../../../storage/cut.ts')
    const { repairFaults } = await import('../../../storage/repair.ts')
    const { describeFault } = await import('../../../storage/verify/faults.ts')
    const { verifyWithThreads } = await import('../../../storage/verify/threads.ts')
    const { openRules } = await import('../../../execution-rules.ts')
    const rules = await openRules(genesis, circuitFile)
    await migrate(store)
    if (flags.to !== undefined) {
      await bar(store)
      let blocks = 0
      const height = await cutBack(store, flags.to, (left) => {
        blocks ||= left
        progress.show('undoing', blocks - left, blocks, 'blocks')
      })
      did(`cut the chain back to block ${height}`)
    }
    const check = (): Promise<VerifyReport> =>
      verifyWithThreads(store, genesis, { onProgress: (phase, at, total) => progress.show(phase, at, total) })
    let report = await check()
    for (let round = 0, before = Number.POSITIVE_INFINITY; round < MAX_ROUNDS && report.faultCount > 0; round++) {
      if (round > 0 && report.faultCount >= before) break
      before = report.faultCount
      if (report.faults.some(({ kind }) => kind === 'journal')) await bar(store)
      await repairFaults(report.faults, { kv: store, genesis, rules, did })
      report = await check()
    }
    progress.end()
    const { head, blocksFrom, statesFrom, faultCount } = report
    output.print({ done, head, blocksFrom, statesFrom, faultCount }, () =>
      [
        ...report.faults.slice(0, MAX_SHOWN).map(describeFault),
        `${done.length === 0 ? 'nothing had to be done: ' : ''}blocks ${blocksFrom} to ${head}, states ${statesFrom} to ${head}`,
      ].join('\n'),
    )
    if (faultCount > 0) {
      throw new QuernError('STORE_FAULTY', `${faultCount} faults are left: use --to, or sync anew in an empty folder`)
    }
  } finally {
    progress.end()
    await source.close()
  }
}

const MAX_SHOWN = 20

const noBar = async (): Promise<void> => undefined

/**
 * Where LevelDB does not open its own files any more, it makes of them what it can. Which votes were in what is gone nobody
 * knows, so the store is not believed on them any more; the bar is on the disk before a store is there that opens.
 */
async function openOrRescue(
  flags: RepairFlags,
  did: (what: string) => void,
  bar: (store?: KvStore) => Promise<void>,
): Promise<StoreSource> {
  try {
    return await openStoreSource(flags)
  } catch (error) {
    if (!(error instanceof QuernError) || error.code !== 'STORE_OPEN_FAILED') throw error
    const { LevelStore } = await import('../../../storage/level-store.ts')
    const { forgetSigning } = await import('../../../storage/cut.ts')
    await bar()
    await LevelStore.repair(flags.store ?? homePaths(flags.home).data)
    did('LevelDB made its files anew from those that it could read')
    const source = await openStoreSource(flags)
    try {
      await bar(source.store)
      await source.store.write(await forgetSigning(source.store), { sync: true })
      return source
    } catch (failure) {
      await source.close()
      throw failure
    }
  }
}

/** Before the store forgets what was signed: the record beside the key bars all that it may have covered. */
async function barValidator(paths: HomePaths, store: KvStore | undefined, did: (what: string) => void): Promise<void> {
  const { readValidatorKey } = await import('../../../validator-key/key-file.ts')
  if (readValidatorKey(paths.validatorKey) === undefined) return
  const { lockKey } = await import('../../../validator-key/key-lock.ts')
  const { BEFORE_ALL } = await import('../../../validator-key/place.ts')
  const { lastSigned } = await import('../../../validator-key/signed-places.ts')
  const { barUpTo } = await import('../../../validator-key/signing-record.ts')
  const { recordOf } = await import('../../../validator-key/stopped-node.ts')
  const record = recordOf(paths)
  const lock = await lockKey(record.blsPublicKey)
  try {
    // Where the journal cannot be read, the record's own bound lies beyond all that is in it.
    const signed = store === undefined ? BEFORE_ALL : await lastSigned(store).catch(() => BEFORE_ALL)
    const { epoch, view } = await barUpTo(record, undefined, signed)
    if (view >= 0 && store !== undefined)
      did(`barred the validator from signing at or below epoch ${epoch}, view ${view}`)
  } finally {
    await lock.release()
  }
}
