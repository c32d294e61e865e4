/**
 * A devnet's chain, executed again from genesis by a process of its own: with the fast backends, and without WebAssembly,
 * where the pure fallbacks decide. Both must come to the same state, and a chain that was altered must not.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { decodeBlock, encodeBlock } from '../../consensus/block.ts'
import { withHeader } from '../../consensus/testing/chain.ts'
import { toHex, ZERO_HASH } from '../../core/bytes.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { Devnet } from '../../devnet/devnet.ts'
import { storeFolder } from '../../devnet/directory.ts'
import { type AccountKey, devnetValidator } from '../../devnet/keys.ts'
import { genesisText } from '../../node/config/genesis-file.ts'
import { KEY } from '../../node/storage/layout.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { registrationOf } from '../../node/validator-key/registration.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action, KindName } from '../../vm/transaction/types.ts'

/** Two epochs of 40 blocks end before it. */
const HEIGHT = 88
const PLAN = { seed: 'replay', validators: 4, workers: 1, blockIntervalMs: 20, difficultyMacs: 2 ** 26 }
/** The chain takes seconds; who waits this long waits in vain. */
const PATIENCE_MS = 60_000

let dataDir: string
const kinds = new Set<KindName>()
let results = 0
let head: { readonly hash: string; readonly stateRoot: string; readonly height: number }

/** Every kind of transaction that does not need a culprit, in an order in which each succeeds. */
function actions(devnet: Devnet): (readonly [AccountKey, Action])[] {
  const { accounts, validators, authority, workers } = devnet.keys
  const [a, b, c] = accounts as [AccountKey, AccountKey, AccountKey]
  const [v, w] = validators.map(({ account }) => account) as [AccountKey, AccountKey]
  const late = { owner: c.address, blsSecretKey: devnetValidator('replay: a late one', 0).blsSecretKey }
  const registration = registrationOf(late, devnet.genesis.params.chainId)
  const profile = { name: 'first', website: '', description: 'grinds', commissionBps: 0, openToWorkers: true }
  return [
    [a, { kind: 'TRANSFER', to: b.address, value: 7n, memo: Uint8Array.of(1, 2, 3) }],
    [v, { kind: 'UPDATE_VALIDATOR', ...profile }],
    [a, { kind: 'DELEGATE', validator: v.address, amount: 100n * WEI_PER_CPC }],
    [b, { kind: 'DELEGATE', validator: w.address, amount: 50n * WEI_PER_CPC }],
    [c, { kind: 'STAKE', amount: 1_000n * WEI_PER_CPC, registration }],
    [w, { kind: 'STAKE', amount: 10n * WEI_PER_CPC }],
    [w, { kind: 'UNSTAKE', amount: 5n * WEI_PER_CPC }],
    [a, { kind: 'UNDELEGATE', validator: v.address, shares: WEI_PER_CPC }],
    [b, { kind: 'REGISTER_WORKER', validator: v.address, profile: 'a mill' }],
    [a, { kind: 'CLAIM', positions: [{ validator: v.address }] }],
    [authority, { kind: 'DEV_SET_BALANCE', account: workers[0]!.address, balance: 5n * WEI_PER_CPC }],
  ]
}

async function sendAll(devnet: Devnet): Promise<void> {
  const { entry } = devnet.cluster
  const { chainId } = devnet.genesis.params
  for (const [from, action] of actions(devnet)) {
    const nonce = entry.pool().pendingNonce(from.address)
    const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
    const sent = await entry.submit(signNative({ chainId, nonce, ...fees, action }, from.privateKey))
    expect([action.kind, sent.ok ? 'ok' : sent.error.code]).toEqual([action.kind, 'ok'])
    if (!sent.ok) continue
    const { value } = sent
    await until(() => entry.transactionByHash(value) !== undefined)
  }
}

async function until(isMet: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!isMet()) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

beforeAll(async () => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-replay-'))
  const failures: unknown[] = []
  const devnet = await Devnet.start({
    plan: PLAN,
    dataDir,
    port: 0,
    clientVersion: 'quern/test',
    onFailure: (_, error) => failures.push(error),
  })
  const { entry, validators } = devnet.cluster
  entry.subscribe((event) => {
    if (event.type !== 'final') return
    const { transactions, block } = event.block
    for (const { action } of transactions) kinds.add(action.kind)
    results += block.header.resultCount
  })
  try {
    await sendAll(devnet)
    await until(() => validators.every((node) => node.finalized().height >= HEIGHT))
  } finally {
    await devnet.stop()
  }
  expect(failures).toEqual([])
  fs.writeFileSync(path.join(dataDir, 'genesis.json'), genesisText(devnet.genesis))
  const { hash, stateRoot, height } = validators[0]!.finalized()
  head = { hash: toHex(hash), stateRoot: toHex(stateRoot), height }
}, PATIENCE_MS)

afterAll(() => fs.rmSync(dataDir, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const replay = (flags: readonly string[], node: string): Promise<Ended> =>
  new Promise((resolve) => {
    const place = ['--genesis', path.join(dataDir, 'genesis.json'), '--store', storeFolder(dataDir, node)]
    const command = [...flags, inject('executable'), 'replay', ...place, '--json']
    execFile(process.execPath, command, (error, stdout, stderr) => {
      // What Node.js itself says about --jitless.
      const own = stderr.replace(/^Warning: disabling flag --expose_wasm.*\n/, '')
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr: own })
    })
  })

describe('replay from genesis', () => {
  it('has a chain to replay: all kinds, results, epochs', () => {
    expect([...kinds].sort()).toEqual([
      'CLAIM',
      'DELEGATE',
      'DEV_SET_BALANCE',
      'REGISTER_WORKER',
      'STAKE',
      'SUBMIT_RESULT',
      'TRANSFER',
      'UNDELEGATE',
      'UNSTAKE',
      'UPDATE_VALIDATOR',
    ])
    expect(results).toBeGreaterThanOrEqual(3)
  })

  it.each([
    ['with the fast backends', [], false],
    ['under --jitless, without WebAssembly', ['--jitless'], true],
  ] as const)('comes to the same state %s', async (_, flags, isJitless) => {
    const { code, stdout, stderr } = await replay(flags, 'validator-0')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { seconds, blocks, hash, stateRoot, isJitless: jitless, divergences } = JSON.parse(stdout)
    expect({ blocks, hash, stateRoot, isJitless: jitless, divergences }).toEqual({
      blocks: head.height,
      hash: head.hash,
      stateRoot: head.stateRoot,
      isJitless,
      divergences: [],
    })
    console.log(`replayed ${head.height} blocks with ${results} results in ${seconds} s ${flags.join(' ')}`)
  })

  it('stops where a stored block was altered', async () => {
    const store = await LevelStore.open(storeFolder(dataDir, 'validator-1'))
    const key = KEY.block(50)
    const block = decodeBlock(store.get(key)!)
    await store.write([{ type: 'put', key, value: encodeBlock(withHeader(block, { stateRoot: ZERO_HASH })) }])
    await store.close()
    const { code, stdout, stderr } = await replay([], 'validator-1')
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'REPLAY_DIVERGED'])
    const { divergences, to } = JSON.parse(stdout)
    // Its finalization is of another hash; where there is none, the block behind it is of another parent.
    expect([49, 50]).toContain(to)
    expect(divergences).toHaveLength(1)
    expect(divergences[0].height).toBe(to + 1)
  })
})
