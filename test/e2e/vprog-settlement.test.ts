/** The standard covenant on four validators: it begins, settles, takes deposits and pays exits, and its lane falls silent and returns. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../core/bytes.ts'
import { readTwoAnchor, type TwoAnchorJson } from '../../node/rpc/vprog/standing-json.ts'
import { WEI_PER_GRAIN } from '../../vm/covenant/tables.ts'
import type { LaneActivity } from '../../vm/lanes/hashing.ts'
import { verifyTwoAnchor } from '../../vm/lanes/two-anchor.ts'
import { scriptOf } from '../../vm/script/assembly.ts'
import { OP } from '../../vm/script/opcodes.ts'
import { payToScript } from '../../vm/script/standard.ts'
import { PERMISSION_GRAINS } from '../../vm/settlement/covenant.ts'
import { developmentSettlement } from '../../vm/settlement/development.ts'
import { journalDigest, type SettlementJournal } from '../../vm/settlement/journal.ts'
import { settlement } from '../../vm/settlement/transactions.ts'
import { signDevelopment } from '../../vm/zk/development.ts'
import { ZK_TAG } from '../../vm/zk/operands.ts'
import { privateKeyOf, TestDevnet } from './devnet-fixture.ts'
import {
  bodyOf,
  expectSupply,
  type HeaderView,
  headerOf,
  LaneFollower,
  type Sent,
  spending,
  VprogUser,
} from './vprog-fixture.ts'
import { type Bundle, TestProgram, VALUE_GRAINS } from './vprog-program.ts'

interface TwoAnchorAnswer {
  readonly proof: TwoAnchorJson
  /** Where the next part begins. */
  readonly next: number | null
}

const WINDOW_BLOCKS = 24
const LANE = concatBytes(utf8('e2e!'), new Uint8Array(16))

const KEY_HOLDER = concatBytes(Uint8Array.of(32), new Uint8Array(32).fill(9), Uint8Array.of(OP.OpCheckSig))
/** Anybody opens it who knows the script. */
const OPEN = scriptOf(OP.OpTrue)
const OPEN_HOLDER = payToScript(OPEN).script

let net: TestDevnet
let program: TestProgram
/** They begin, settle, act in the lane, claim, and send what is refused. */
let users: readonly VprogUser[]
const [SETTLER, ACTOR, CLAIMANT, STRANGER] = [0, 1, 2, 3]
const user = (index: number): VprogUser => users[index]!
let secretKey: Uint8Array

/** In all outputs there are. */
let grains = 0n
const expectGrains = ({ height }: Sent): Promise<void> => expectSupply(net, height, grains)

beforeAll(async () => {
  net = await TestDevnet.start({ validators: 4, epochBlocks: 16, laneWindowBlocks: WINDOW_BLOCKS })
  users = [0, 1, 2, 3].map((i) => new VprogUser(net, privateKeyOf(i)))
  secretKey = net.devnet.keys.prover.privateKey
})
afterAll(() => net.stop())

it('begins, and settles what its lane does', async () => {
  program = await TestProgram.deploy(net, user(SETTLER), secretKey, new LaneFollower(net, LANE, WINDOW_BLOCKS))
  grains += VALUE_GRAINS
  await program.act(user(ACTOR), utf8('first'))
  await expectGrains((await program.settle()).sent)
})

it('takes a deposit', async () => {
  const deposited = await program.act(user(ACTOR), utf8('deposit'), 500n)
  grains += 500n
  await expectGrains(deposited)
  await expectGrains((await program.settle()).sent)
})

it('refuses a journal that nobody proved, and a proof by a foreign key', async () => {
  await program.act(user(ACTOR), utf8('not settled yet'))
  const statement = program.statement(await headerOf(net, 'finalized'))
  const other: SettlementJournal = { ...statement.journal, newState: new Uint8Array(32) }
  const proofOf = (journal: SettlementJournal, key: Uint8Array) =>
    settlement({ ...statement, proof: [signDevelopment(program.imageId, journalDigest(journal), key)] })
  for (const body of [proofOf(other, secretKey), proofOf(statement.journal, privateKeyOf(STRANGER))]) {
    const { data, message } = await user(STRANGER).refusal(body)
    expect(data.tag).toBe('SCRIPT_FAILED')
    expect(message).toContain('ZK_INTEGRITY: ZK_PROOF_FALSE')
  }
})

let bundles: readonly [Bundle, Bundle]

it('leaves exits behind', async () => {
  const settleWith = async (exits: Bundle['exits']): Promise<Bundle> => {
    const { sent, bundle } = await program.settle(exits)
    grains += PERMISSION_GRAINS
    await expectGrains(sent)
    return bundle
  }
  const first = await settleWith([
    { script: KEY_HOLDER, amount: 100n },
    { script: OPEN_HOLDER, amount: 70n },
    { script: KEY_HOLDER, amount: 30n },
  ])
  await program.act(user(ACTOR), utf8('more exits'))
  bundles = [first, await settleWith([{ script: OPEN_HOLDER, amount: 200n }])]
})

it('pays exits from deposits until none is left', async () => {
  const [first, second] = bundles
  const claims: readonly (readonly [Bundle, index: number, deduct: bigint])[] = [
    [first, 1, 20n],
    [second, 0, 200n],
    [first, 0, 100n],
    [first, 2, 30n],
    [first, 1, 50n],
  ]
  const before = await user(CLAIMANT).balance()
  let paidWei = 0n
  for (const [bundle, index, deduct] of claims) {
    const sent = await program.claim(user(CLAIMANT), bundle, index, deduct)
    paidWei += sent.feeWei
    if (bundle.exits.every(({ amount }) => amount === 0n)) grains -= PERMISSION_GRAINS
    await expectGrains(sent)
    if (bundle === second) await takeOut(sent, deduct)
  }
  expect(program.deposits).toMatchObject([{ grains: 100n }])
  // Whoever empties a bundle is given what its permission held.
  expect((await user(CLAIMANT).balance()) - before).toBe(2n * PERMISSION_GRAINS * WEI_PER_GRAIN - paidWei)
})

/** The holder of an exit brings it to an account. */
async function takeOut(claimed: Sent, amount: bigint): Promise<void> {
  const before = await user(STRANGER).balance()
  const taken = await user(STRANGER).send(bodyOf({ inputs: [spending(claimed.output(0), scriptOf(OPEN))] }))
  expect(taken.status).toBe(1)
  grains -= amount
  await expectGrains(taken)
  expect((await user(STRANGER).balance()) - before).toBe(amount * WEI_PER_GRAIN - taken.feeWei)
}

/** Final blocks: one from which the lane was silent for a window, and one in its silence. */
let lastActive: HeaderView
let silent: HeaderView

it('takes no block from before the window', async () => {
  lastActive = await headerOf(net, 'finalized')
  await net.rpc('dev_mine', [WINDOW_BLOCKS + 2])
  silent = await headerOf(net, 'finalized')
  const { data, message } = await user(STRANGER).refusal(
    developmentSettlement(program.statement(lastActive), secretKey),
  )
  expect(data.tag).toBe('SCRIPT_FAILED')
  expect(message).toContain('BLOCK_UNKNOWN')
  expect(await laneView()).toMatchObject({ active: false, tip: null })
})

it('goes on when its lane returns from silence, and all that it did is proved by two commitments', async () => {
  const back = await program.act(user(ACTOR), utf8('back again'))
  expect(await laneView()).toMatchObject({ active: true, tip: toHex(program.lane.tip), blue_score: back.height })
  await expectGrains((await program.settle()).sent)

  const after = await headerOf(net, back.height)
  expect(await provenBetween(lastActive, silent)).toEqual([])
  const activity = [{ txId: back.txId, version: 1, mergeIndex: back.index }]
  expect(await provenBetween(lastActive, after)).toEqual(activity)
  expect(await provenBetween(silent, after)).toEqual(activity)
})

it('shows all of it to whoever asks later', async () => {
  const id = toHex(program.covenantId)
  const { settlements } = await net.rpc<{ settlements: Record<string, unknown>[] }>('vprog_getSettlements', [id])
  const states = (name: string) => settlements.map((settlement) => settlement[name])
  expect(states('height')).toEqual(program.settledAt)
  expect(states('prev_state').slice(1)).toEqual(states('new_state').slice(0, -1))
  expect(states('proof_tag')).toEqual(Array(5).fill(ZK_TAG.development))
  expect(settlements.at(-1)).toMatchObject({ new_lane_tip: toHex(program.lane.tip) })
  expect(await net.rpc('vprog_getDeposits', [id])).toMatchObject({ deposits: [{ grains: '100' }] })
  expect(await net.rpc('vprog_getCovenant', [id])).toMatchObject({ standard: true, outputs_complete: true })
})

const laneView = () => net.rpc('vprog_getLane', [toHex(LANE)])

/** All that the lane did between two blocks, for somebody who has their commitments and a node's word for the rest. */
async function provenBetween(from: HeaderView, to: HeaderView): Promise<readonly LaneActivity[]> {
  const answer = await net.rpc<TwoAnchorAnswer>('vprog_getTwoAnchorProof', [toHex(LANE), from.height, to.height])
  expect(answer.next).toBeNull()
  const proof = readTwoAnchor(answer.proof)
  const proven = verifyTwoAnchor(fromHex(from.seq_commit), fromHex(to.seq_commit), proof, WINDOW_BLOCKS)
  if (!proven.ok) throw new Error(proven.error.message)
  return proven.value
}
