/**
 * Results that are not what they claim, each sent as a signed transaction and executed in a block: refused with its code,
 * charged, credited to nobody and without a leaf. PROTOCOL 2, 4.2, 6.2. What a pool makes of a flood of them, and of the
 * peer that passes it on, is in node/validator/result-flood.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { type Hash, hexKey } from '../../core/bytes.ts'
import { encodeUint, type RlpItem } from '../../core/rlp.ts'
import { checkTransaction } from '../execution/check.ts'
import { BlockExecution, executeBlock } from '../execution/execution.ts'
import type { ActionErrorCode, TileKernel } from '../execution/types.ts'
import { DIFFICULTY_FLOOR_MACS } from '../params.ts'
import { epochs } from '../state/tables.ts'
import { readRecord } from '../state/view.ts'
import { TEST_PARAMS, TestChain } from '../testing/chain.ts'
import { testWallet } from '../testing/wallet.ts'
import { submitResultBody } from '../transaction/bodies/compute.ts'
import { findSubmission, type SubmitResult, testBlockHash } from './fixture.ts'
import { computeSeed } from './seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, unpackNonce, wins } from './ticket.ts'
import { referenceKernel } from './tile.ts'
import { ticketOfTile, verifySynthetic } from './verify.ts'

const attacker = testWallet(1)
const worker = attacker.address
const N = 256
/** Height whose block every search here is seeded by, and that of the block that includes what comes of it. */
const SEED_HEIGHT = 3
const HEIGHT = 5
const HIGHEST_ATTEMPT = 2 ** 32 - 1

const good = findSubmission({ worker, seedHeight: SEED_HEIGHT })

const withResult = (change: Partial<SubmitResult['result']>, base = good): SubmitResult => ({
  ...base,
  result: { ...base.result, ...change },
})

function chainBelow(height: number, params = TEST_PARAMS): TestChain {
  const chain = new TestChain(params)
  chain.advanceTo(height - 1)
  return chain
}

type Verdict = ActionErrorCode | 'accepted'

/** What the receipts of one block say. Whoever is refused has paid for it, and the block has no leaf of it. */
function verdicts(chain: TestChain, submissions: readonly SubmitResult[]): Verdict[] {
  const before = chain.account(worker)
  const outcome = chain.block(submissions.map((action) => chain.tx(attacker, action)))
  const accepted = outcome.receipts.filter(({ status }) => status === 1).length
  expect(outcome.results).toHaveLength(accepted)
  const paidWei = outcome.receipts.reduce((sum, r) => sum + BigInt(r.gasUsed) * r.effectiveGasPrice, 0n)
  expect(outcome.gasUsed).toBe(80_000 * submissions.length)
  expect(chain.account(worker)).toEqual({
    nonce: before.nonce + submissions.length,
    balance: before.balance - paidWei,
  })
  return outcome.receipts.map(({ error }) => (error ?? 'accepted') as Verdict)
}

const verdict = (submission: SubmitResult, chain = chainBelow(HEIGHT)): Verdict => verdicts(chain, [submission])[0]!

const workOf = (chain: TestChain, epoch = 0): bigint => readRecord(chain.state, epochs, epoch)?.workMacs ?? 0n

/** Counts the tiles that a verifier computes. */
function countingKernel(): { readonly kernel: TileKernel; readonly tiles: () => number } {
  let tiles = 0
  const tile: TileKernel['tile'] = (...args) => {
    tiles++
    return referenceKernel.tile(...args)
  }
  return { kernel: { tile }, tiles: () => tiles }
}

test('control: the same result, unchanged, is accepted', () => {
  const chain = chainBelow(HEIGHT)
  expect(verdict(good, chain)).toBe('accepted')
  expect(workOf(chain)).toBe(DIFFICULTY_FLOOR_MACS)
})

describe('names that no tile has', () => {
  test('an attempt counter beyond u32', () => {
    const tile = unpackNonce(good.result.nonce, N)!.tile
    for (const attempt of [HIGHEST_ATTEMPT + 1, HIGHEST_ATTEMPT + 1 + unpackNonce(good.result.nonce, N)!.attempt]) {
      expect(verdict(withResult({ nonce: packNonce({ attempt, tile }) }))).toBe('RESULT_TILE_RANGE')
    }
    expect(verdict(withResult({ nonce: Number.MAX_SAFE_INTEGER }))).toBe('RESULT_TILE_RANGE')
    // The last one there is fails for what it is: another attempt.
    expect(verdict(withResult({ nonce: packNonce({ attempt: HIGHEST_ATTEMPT, tile }) }))).toBe('RESULT_TASK_ID')
  })

  test('an attempt counter beyond what any number holds does not decode', () => {
    const [challengeType, params, result] = submitResultBody.encode(good) as [RlpItem, RlpItem, RlpItem[]]
    const bodyWith = (nonce: bigint): RlpItem => [challengeType, params, result.with(4, encodeUint(nonce))]
    expect(submitResultBody.decode(bodyWith(2n ** 53n - 1n)).result.nonce).toBe(Number.MAX_SAFE_INTEGER)
    for (const nonce of [2n ** 53n, 2n ** 64n, 2n ** 256n]) {
      expect(() => submitResultBody.decode(bodyWith(nonce))).toThrow()
    }
  })

  test('n not in the list', () => {
    for (const matrixSize of [0, 16, 128, 255, 257, 16_384, Number.MAX_SAFE_INTEGER]) {
      expect(verdict({ ...good, matrixSize })).toBe('RESULT_MATRIX_SIZE')
    }
  })

  test('a tile out of range', () => {
    const { attempt } = unpackNonce(good.result.nonce, N)!
    for (const tile of [tileCount(N), tileCount(2 * N) - 1, 2 ** 20 - 1]) {
      expect(verdict(withResult({ nonce: packNonce({ attempt, tile }) }))).toBe('RESULT_TILE_RANGE')
    }
  })
})

test("winning under another n's target", () => {
  // T(2n) is twice T(n): a ticket between the two has lost at n, and would have won as one of 2n.
  const seed = computeSeed(testBlockHash(SEED_HEIGHT), worker)
  let tile = 0
  const ticketOf = (at: number) => ticketOfTile(referenceKernel, seed, N, { attempt: 0, tile: at })
  const isBetween = (ticket: Hash) =>
    wins(ticket, targetOf(2 * N, DIFFICULTY_FLOOR_MACS)) && !wins(ticket, targetOf(N, DIFFICULTY_FLOOR_MACS))
  while (!isBetween(ticketOf(tile))) tile++
  const honest = withResult({
    resultHash: ticketOf(tile),
    nonce: packNonce({ attempt: 0, tile }),
    taskId: taskIdOf(seed, N, 0),
  })
  expect(verdict(honest)).toBe('RESULT_ABOVE_TARGET')
  const relabelled = { ...honest, matrixSize: 2 * N }
  expect(verdict(relabelled)).toBe('RESULT_TASK_ID')
  expect(verdict(withResult({ taskId: taskIdOf(seed, 2 * N, 0) }, relabelled))).toBe('RESULT_HASH_MISMATCH')
})

describe('replay', () => {
  /** Like `chainBelow`, but the block at the seed height is another one. */
  function branchBelow(height: number, seedHash: Hash): TestChain {
    const chain = new TestChain()
    chain.advanceTo(SEED_HEIGHT)
    const { parent } = chain.context()
    chain.block([], { parent: { ...parent, hash: seedHash } })
    chain.advanceTo(height - 1)
    return chain
  }

  test('on a fork: a seed off this chain, whatever the result says about itself', () => {
    const other = testBlockHash(1_000)
    expect(verdict(good, branchBelow(HEIGHT, other))).toBe('RESULT_TASK_ID')
    const { attempt } = unpackNonce(good.result.nonce, N)!
    const renamed = withResult({ taskId: taskIdOf(computeSeed(other, worker), N, attempt) })
    expect(verdict(renamed, branchBelow(HEIGHT, other))).toBe('RESULT_HASH_MISMATCH')
    // Each branch has its own winners, and takes only those.
    const there = findSubmission({ worker, seedHeight: SEED_HEIGHT, seedHash: other })
    expect([verdict(there, branchBelow(HEIGHT, other)), verdict(there)]).toEqual(['accepted', 'RESULT_TASK_ID'])
  })

  test('of the very envelope on a network that was reset under the same chain id', () => {
    const first = new TestChain()
    const genesisOf = (hash: Hash): TestChain => {
      const chain = new TestChain()
      chain.block([], { parent: { ...chain.context().parent, hash } })
      return chain
    }
    first.block()
    const envelope = first.tx(attacker, findSubmission({ worker, seedHeight: 0 }))
    const codeOn = (chain: TestChain) => chain.block([envelope]).receipts[0]!.error
    expect(codeOn(first)).toBeUndefined()
    expect(codeOn(genesisOf(testBlockHash(2_000)))).toBe('RESULT_TASK_ID')
  })

  test('on another chain: no block may hold the envelope', () => {
    const chain = chainBelow(HEIGHT)
    const envelope = chain.tx(attacker, good)
    const elsewhere = chainBelow(HEIGHT, { ...TEST_PARAMS, chainId: TEST_PARAMS.chainId + 1 })
    const outcome = executeBlock(elsewhere.state, elsewhere.context(), elsewhere.rules, [envelope])
    expect(outcome).toMatchObject({ ok: false, error: { code: 'BLOCK_TX_REFUSED', meta: { code: 'TX_CHAIN_ID' } } })
  })
})

describe('two claims of one tile', () => {
  test('in one block, and again in each later one of the window', () => {
    const chain = chainBelow(HEIGHT)
    expect(verdicts(chain, [good, good, good])).toEqual([
      'accepted',
      'RESULT_ALREADY_CLAIMED',
      'RESULT_ALREADY_CLAIMED',
    ])
    expect(workOf(chain)).toBe(DIFFICULTY_FLOOR_MACS)
    while (chain.height < SEED_HEIGHT + TEST_PARAMS.seedWindowBlocks) {
      expect(verdict(good, chain)).toBe('RESULT_ALREADY_CLAIMED')
    }
    expect(verdict(good, chain)).toBe('RESULT_SEED_STALE')
    expect(workOf(chain)).toBe(DIFFICULTY_FLOOR_MACS)
  })

  test('by a claim that was refused first: it has used up nothing', () => {
    const wrong = withResult({ resultHash: new Uint8Array(32) })
    expect(verdicts(chainBelow(HEIGHT), [wrong, good])).toEqual(['RESULT_HASH_MISMATCH', 'accepted'])
  })
})

describe('seeds', () => {
  test('younger than the lag: the parent, the block itself, and one that is still to come', () => {
    const onParent = findSubmission({ worker, seedHeight: HEIGHT - 1 })
    for (const seedHeight of [HEIGHT - 1, HEIGHT, HEIGHT + 100, Number.MAX_SAFE_INTEGER]) {
      expect(verdict({ ...onParent, seedHeight })).toBe('RESULT_SEED_TOO_NEW')
    }
    expect(verdict(onParent, chainBelow(HEIGHT + 1))).toBe('accepted')
  })

  test('older than the window', () => {
    const last = SEED_HEIGHT + TEST_PARAMS.seedWindowBlocks
    expect(verdict(good, chainBelow(last))).toBe('accepted')
    expect(verdict(good, chainBelow(last + 1))).toBe('RESULT_SEED_STALE')
    expect(verdict(good, chainBelow(4 * last))).toBe('RESULT_SEED_STALE')
  })

  test('off this chain: the hash of a block that another height has', () => {
    const moved = findSubmission({ worker, seedHeight: SEED_HEIGHT, seedHash: testBlockHash(SEED_HEIGHT - 1) })
    expect(verdict(moved)).toBe('RESULT_TASK_ID')
  })
})

describe('a flood of losing results', () => {
  const losing = Array.from({ length: 8 }, (_, skip) =>
    findSubmission({ worker, seedHeight: SEED_HEIGHT, losing: true, skip }),
  )

  test('in a block: each is charged in full, and not one tile is computed', () => {
    const { kernel, tiles } = countingKernel()
    const chain = chainBelow(HEIGHT)
    const rules = { ...chain.rules, kernel }
    const transactions = losing.map((action) => chain.tx(attacker, action))
    const outcome = executeBlock(chain.state, chain.context(), rules, transactions)
    if (!outcome.ok) throw new Error(outcome.error.message)
    expect(outcome.value.receipts.map(({ error, gasUsed }) => [error, gasUsed])).toEqual(
      losing.map(() => ['RESULT_ABOVE_TARGET', 80_000]),
    )
    expect(outcome.value.results).toEqual([])
    expect(tiles()).toBe(0)
  })

  test('costs a verifier a comparison: no seed is derived and nothing drawn', () => {
    const { kernel, tiles } = countingKernel()
    let seedsAsked = 0
    const inputs = {
      height: HEIGHT,
      params: TEST_PARAMS,
      kernel,
      blockHash: (height: number) => {
        seedsAsked++
        return testBlockHash(height)
      },
      difficultyMacs: () => DIFFICULTY_FLOOR_MACS,
      isClaimed: () => false,
    }
    for (const submission of losing) {
      expect(verifySynthetic(submission, inputs)).toMatchObject({ ok: false, error: { code: 'RESULT_ABOVE_TARGET' } })
    }
    expect([seedsAsked, tiles()]).toEqual([0, 0])
    // A lie about the hash costs its one tile, and no more.
    const lies = losing.map(({ result }, i) => withResult({ ...result, resultHash: new Uint8Array(32).fill(i, 31) }))
    for (const lie of lies) {
      expect(verifySynthetic(lie, inputs)).toMatchObject({ ok: false, error: { code: 'RESULT_HASH_MISMATCH' } })
    }
    expect([seedsAsked, tiles()]).toEqual([lies.length, lies.length])
  })

  test('is refused by the check of a pool alike, ahead of its nonce or not', () => {
    const { kernel, tiles } = countingKernel()
    const chain = chainBelow(HEIGHT)
    const rules = { ...chain.rules, kernel }
    for (const action of losing) {
      const code = checkTransaction(chain.state, chain.context(), rules, chain.tx(attacker, action))?.code
      expect(code).toBe('RESULT_ABOVE_TARGET')
    }
    expect(tiles()).toBe(0)
  })
})

describe('more results in a block than the maximum', () => {
  const most = 3
  const params = { ...TEST_PARAMS, maxResultsPerBlock: most }
  const winners = Array.from({ length: most + 1 }, (_, skip) =>
    findSubmission({ worker, seedHeight: SEED_HEIGHT, skip }),
  )

  test('make the block invalid, whether they succeed or not', () => {
    const chain = chainBelow(HEIGHT, params)
    for (const submissions of [winners, winners.map(() => withResult({ nonce: Number.MAX_SAFE_INTEGER }))]) {
      const transactions = submissions.map((action, nonce) => chain.tx(attacker, action, { nonce }))
      const outcome = executeBlock(chain.state, chain.context(), chain.rules, transactions)
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'BLOCK_OVER_LIMIT', meta: { index: most, limit: 'results' } },
      })
      expect(executeBlock(chain.state, chain.context(), chain.rules, transactions.slice(0, most)).ok).toBe(true)
    }
  })

  test('wait for the next block where the leader is honest', () => {
    const chain = chainBelow(HEIGHT, params)
    const transactions = winners.map((action) => chain.tx(attacker, action))
    const execution = new BlockExecution(chain.state, chain.context(), chain.rules)
    const answers = transactions.map((transaction) => execution.apply(transaction))
    expect(answers.map((answer) => ('full' in answer ? answer.full : 'done'))).toEqual([
      ...Array<string>(most).fill('done'),
      'results',
    ])
    chain.block(transactions.slice(0, most))
    expect(chain.block(transactions.slice(most)).receipts.map(({ error }) => error)).toEqual([undefined])
    expect(workOf(chain)).toBe(BigInt(most + 1) * DIFFICULTY_FLOOR_MACS)
    expect(new Set(winners.map(({ result }) => hexKey(result.resultHash))).size).toBe(most + 1)
  })
})
