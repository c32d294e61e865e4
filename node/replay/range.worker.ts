/** The thread of one range after another: each from the state its own copy of the store holds before it. */
import { parentPort, workerData } from 'node:worker_threads'
import { bls } from '../../core/bls.ts'
import { parseGenesis } from '../../vm/genesis.ts'
import { openRules } from '../execution-rules.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { ChainStore } from '../storage/chain-store.ts'
import { LevelStore } from '../storage/level-store.ts'
import { divergenceValue } from './divergence-value.ts'
import type { FromRange, RangeJob, RangeThread } from './ranges.ts'
import { replay } from './replay.ts'
import { openReplaySource } from './source.ts'

const say = (message: FromRange): void => parentPort?.postMessage(message)

const { genesisJson, circuitFile, directory } = workerData as RangeThread
const genesis = parseGenesis(JSON.parse(genesisJson), bls)
const store = await LevelStore.open(directory)
const chain = await ChainStore.open(store, genesisEntry(genesis))
const rules = await openRules(genesis, circuitFile)

parentPort?.on('message', async (job: RangeJob | 'end') => {
  try {
    if (job === 'end') {
      await store.close()
      parentPort?.close()
      return
    }
    const source = await openReplaySource({ genesis, chain, rules }, job)
    const { blocks, transactions, results, certificates } = await replay(source, {
      threads: 1,
      untilDivergence: job.untilDivergence,
      onBlock: () => say({ type: 'block' }),
      onDivergence: (found) => say({ type: 'divergence', value: divergenceValue(found) }),
    })
    say({ type: 'done', counts: { blocks, transactions, results, certificates } })
  } catch (error) {
    say({ type: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
  }
})
say({ type: 'ready' })
