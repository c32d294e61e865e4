/** The rows of the index in whatever becomes of a store: it is checked, repaired, cut back, pruned and filled up again. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type Address, hexKey, readU64, toHex, utf8 } from '../../core/bytes.ts'
import type { KvStore } from '../../core/kv.ts'
import { randomStream } from '../../core/random.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import { decodeTransaction } from '../../vm/transaction/envelope.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { StoredNode } from '../inspect/stored-node.ts'
import { ChainStore } from '../storage/chain-store.ts'
import { cutBack } from '../storage/cut.ts'
import { KEY, PREFIX, transactionPlace } from '../storage/layout.ts'
import { pruneBlock } from '../storage/prune.ts'
import { repairFaults } from '../storage/repair.ts'
import { FrozenStore, storeOf } from '../storage/store-fixture.ts'
import { type VerifyReport, verifyStore } from '../storage/verify/verify.ts'
import { Backfill } from '../sync/backfill.ts'
import { FixturePeers, hastyClock, honest } from '../sync/snapshot-fixture.ts'
import { dumpStore, restoreStore, type StoreDump } from '../testing/dump.ts'
import { BranchingChain } from './testing/branching-chain.ts'
import { Asker, EarlyStore } from './testing/same-answers.ts'

const BLOCKS = 16
const TABLES = [PREFIX.laneBlock, PREFIX.covenantTransaction, PREFIX.spent, PREFIX.kipTransaction]
const SEED = 6

let chain: BranchingChain
let dump: StoreDump
/** By envelope. */
const senders = new Map<string, Address>()

beforeAll(async () => {
  chain = await BranchingChain.open(SEED)
  await chain.run(BLOCKS)
  for (let height = 0; height <= BLOCKS; height++) {
    for (const { raw, from } of chain.view.blockByHeight(height)!.transactions) senders.set(hexKey(raw), from)
  }
  dump = await dumpStore(chain.store.kv)
})

type Row = StoreDump[number]

const isIndexed = ([key]: Row): boolean => TABLES.some(([table]) => table === key[0])
const heightOf = ([key, value]: Row): number => readU64(value.length === 0 ? key.subarray(33) : value)
const rowsOf = (rows: StoreDump): string[] => rows.map(([key, value]) => `${toHex(key)} ${toHex(value)}`).sort()
const indexOf = async (kv: KvStore): Promise<string[]> => rowsOf((await dumpStore(kv)).filter(isIndexed))

/** The states and signatures of these chains are sound. */
const check = async (kv: KvStore): Promise<VerifyReport> =>
  verifyStore(new FrozenStore(await dumpStore(kv)), chain.genesis, {
    scheme: chain.scheme,
    isQuick: true,
    recover: async (raws) => raws.map((raw) => senders.get(hexKey(raw))),
  })

const open = (kv: KvStore): Promise<ChainStore> => ChainStore.open(kv, genesisEntry(chain.genesis))

function newAsker(): Asker {
  const asker = new Asker(randomStream(SEED, 'questions'))
  for (let height = 0; height <= BLOCKS; height++) asker.learn(chain.view.blockByHeight(height)!.transactions)
  return asker
}

async function expectAnswers(kv: KvStore): Promise<void> {
  const store = await open(new FrozenStore(await dumpStore(kv)))
  const asker = newAsker()
  for (let round = 0; round < 4; round++) await asker.ask(new StoredNode(store, chain.genesis, chain.rules))
}

async function repaired(kv: KvStore): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const { faults } = await check(kv)
    if (faults.length === 0) return
    await repairFaults(faults, { kv, genesis: chain.genesis, rules: chain.rules, did: () => undefined })
  }
  expect((await check(kv)).faults).toEqual([])
}

/** Of a block with a transaction of kind 16 or 17 that failed and one that did not, so that cuts and prunings meet it. */
function mixedHeight(): number {
  for (let height = 2; height < BLOCKS - 1; height++) {
    const { transactions, receipts } = chain.view.blockByHeight(height)!
    const statuses = new Set(
      receipts.filter((_, i) => transactions[i]!.action.kind !== 'TRANSFER').map(({ status }) => status),
    )
    if (statuses.size === 2) return height
  }
  throw new Error('no such block: choose another seed')
}

describe('the index in the store', () => {
  it('has rows in every table, and no fault', async () => {
    for (const [table] of TABLES) expect(dump.filter(([key]) => key[0] === table).length, `${table}`).toBeGreaterThan(3)
    expect((await check(await storeOf(dump))).faults).toEqual([])
    await expectAnswers(await storeOf(dump))
  })

  it('is found wrong and put right where rows are missing, changed or too many', async () => {
    const [broken, more] = [await storeOf(dump), await storeOf(dump)]
    const damage: Uint8Array[] = []
    const strays: Uint8Array[] = []
    for (const [table] of TABLES) {
      const [[missing], [changed, value]] = dump.filter(([key]) => key[0] === table) as [Row, Row]
      await broken.write([
        { type: 'delete', key: missing },
        { type: 'put', key: changed, value: utf8('something else') },
      ])
      damage.push(missing, changed)
      const stray = changed.slice()
      stray[5]! ^= 1
      await more.write([{ type: 'put', key: stray, value }])
      strays.push(stray)
    }
    const found = async (kv: KvStore) => (await check(kv)).faults.map(({ kind, key }) => `${kind} ${toHex(key)}`)
    expect(await found(broken)).toEqual(expect.arrayContaining(damage.map((key) => `index ${toHex(key)}`)))
    expect(await found(more)).toEqual(strays.map((key) => `stray ${toHex(key)}`))
    for (const store of [broken, more]) {
      await repaired(store)
      expect(await indexOf(store)).toEqual(rowsOf(dump.filter(isIndexed)))
    }
  })

  it('comes back with receipts and senders that were damaged, of successful transactions alone', async () => {
    const height = mixedHeight()
    for (const key of [KEY.receipts(height), KEY.senders(height)]) {
      for (const rows of [dump, dump.filter((row) => !isIndexed(row) || heightOf(row) !== height)]) {
        const store = await storeOf(rows)
        await store.write([{ type: 'put', key, value: Uint8Array.of(1) }])
        await repaired(store)
        expect(rowsOf(await dumpStore(store)), toHex(key)).toEqual(rowsOf(dump))
      }
    }
  })

  it('forgets what stands above a cut', async () => {
    for (const to of [BLOCKS - 1, mixedHeight() - 1]) {
      const store = await storeOf(dump)
      await cutBack(store, to)
      expect(await indexOf(store)).toEqual(rowsOf(dump.filter((row) => isIndexed(row) && heightOf(row) <= to)))
      await expectAnswers(store)
    }
  })

  it('is pruned with its block and no other’s, also where receipts are damaged', async () => {
    const height = mixedHeight()
    const { transactions, receipts } = chain.view.blockByHeight(height)!
    const failed = receipts.findIndex(({ status }) => status === 0)
    const store = await storeOf(dump)
    const later = KEY.spent((transactions[failed]!.action as CovenantBody).inputs[0]!.outpoint)
    await store.write([
      { type: 'put', key: KEY.receipts(height), value: Uint8Array.of(1) },
      { type: 'put', key: later, value: transactionPlace(height + 1, 0) },
    ])
    await store.write(pruneBlock(store, height))
    const left = dump.filter((row) => isIndexed(row) && heightOf(row) !== height && toHex(row[0]) !== toHex(later))
    expect(await indexOf(store)).toEqual(rowsOf([...left, [later, transactionPlace(height + 1, 0)]]))
  })

  it('is pruned and filled up again with its blocks', async () => {
    const store = new EarlyStore()
    await restoreStore(store, dump)
    const pruned = await open(store)
    while (await pruned.prune({ blocksFrom: BLOCKS - 1, statesFrom: BLOCKS - 1 }));
    expect((await check(store)).faults).toEqual([])
    expect(await indexOf(store)).toEqual(rowsOf(dump.filter((row) => isIndexed(row) && heightOf(row) >= BLOCKS - 1)))
    const asker = newAsker()
    store.beforeAnswer = () => asker.ask(new StoredNode(pruned, chain.genesis, chain.rules))

    const failures: unknown[] = []
    const { params } = chain.genesis
    const backfill = new Backfill({
      genesis: chain.genesis,
      genesisHash: chain.rules.genesisHash,
      bls: chain.scheme,
      store: pruned,
      transport: new FixturePeers({ a: honest(chain.store) }),
      clock: hastyClock(),
      signatures: {
        recoverBlock: async (raws) =>
          raws.map((raw) => ({ ok: true, value: decodeTransaction(raw, params.chainId) }) as const),
      },
      floor: () => 0,
      failed: (error) => failures.push(error),
    })
    backfill.start()
    for (let i = 0; pruned.held.blocksFrom > 0 && failures.length === 0 && i < 2_000; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await backfill.stop()
    expect(failures).toEqual([])
    expect(await indexOf(store)).toEqual(rowsOf(dump.filter(isIndexed)))
    await expectAnswers(store)
  })
})
