/** The checker finds what is planted, and finds nothing where nothing is wrong. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Block, Certificate, Message, Vote, VoteKind } from '../../consensus/types.ts'
import { encodeMessage } from '../../consensus/wire.ts'
import { concatBytes, EMPTY_BYTES, equalBytes, fromHex, type Hash, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { domainHash, sha256 } from '../../core/hash.ts'
import type { KvOperation } from '../../core/kv.ts'
import { encodeRlp, encodeUint } from '../../core/rlp.ts'
import type { ExecutedBlock } from '../../node/api.ts'
import { Harvest } from './check/harvest.ts'
import { OutputBook } from './check/outputs.ts'
import { SetCheck } from './check/sets.ts'
import type { Reader } from './check/state-tables.ts'
import { StatementCheck } from './check/statements.ts'
import type { Rows } from './check/tables.ts'
import { Violations } from './check/violations.ts'
import { VprogCheck } from './check/vprogs.ts'
import { Checker } from './checker.ts'
import { simKey } from './keys.ts'

const A = sha256(Uint8Array.of(1))
const B = sha256(Uint8Array.of(2))

const voteOf = (kind: VoteKind, view: number, blockHash: Hash): Vote => ({
  kind,
  epoch: 0,
  view,
  blockHash,
  validator: 0,
  signature: new Uint8Array(96),
})
const vote = (kind: VoteKind, view: number, blockHash = kind === 'nullify' ? ZERO_HASH : A): Message => ({
  type: 'vote',
  vote: voteOf(kind, view, blockHash),
})
const notarization = (view: number, blockHash: Hash): Message => {
  const { validator: _, ...rest } = voteOf('notarize', view, blockHash)
  const certificate: Certificate = { ...rest, signers: Uint8Array.of(1) }
  return { type: 'certificate', certificate }
}

let next = 0
const record = (message: Message): KvOperation => ({
  type: 'put',
  key: Uint8Array.of(0x40, next++),
  value: encodeMessage(message),
})

describe('statements', () => {
  let violations: Violations
  let check: StatementCheck
  beforeEach(() => {
    violations = new Violations()
    check = new StatementCheck(violations)
  })
  const say = (message: Message): void => {
    check.durable('v0', record(message))
    check.sent('v0', message)
  }

  it('that do not conflict pass: finalize after the notarization, nullify after a notarize, and all of it again', () => {
    check.durable('v0', record(notarization(1, A)))
    say(vote('finalize', 1))
    say(vote('nullify', 2))
    say(vote('nullify', 2))
    expect(violations.list).toEqual([])
    expect(check.views).toBe(3)
  })

  it.each<[string, Message, Message]>([
    ['two notarize statements', vote('notarize', 1, A), vote('notarize', 1, B)],
    ['two finalize statements', vote('finalize', 1, A), vote('finalize', 1, B)],
    ['nullify after finalize', vote('finalize', 1), vote('nullify', 1)],
    ['finalize after nullify', vote('nullify', 1), vote('finalize', 1)],
    ['notarize after nullify', vote('nullify', 1), vote('notarize', 1)],
  ])('%s', (what, first, second) => {
    say(first)
    say(second)
    expect(violations.list).toContain(`v0 in 0/1: ${what}, as sent`)
    expect(violations.list).toContain(`v0 in 0/1: ${what}, on disk`)
  })

  it('that leave before they are on the disk', () => {
    check.sent('v0', vote('nullify', 1))
    expect(violations.list).toEqual(['v0 in 0/1: sent a nullify that is not on its disk'])
  })

  it('that leave without what they rely on', () => {
    say(vote('notarize', 1))
    say(vote('finalize', 2))
    expect(violations.list).toEqual([
      'v0 in 0/1: sent a notarize without the body on its disk',
      'v0 in 0/2: sent a finalize without the notarization on its disk',
    ])
  })

  it('of a machine that lost its disk count, and what they relied on does not', () => {
    say(vote('notarize', 1, A))
    check.durable('v0', record(notarization(3, A)))
    check.lostDisk('v0')
    say(vote('notarize', 1, B))
    say(vote('finalize', 3, A))
    expect(violations.list).toContain('v0 in 0/1: two notarize statements, as sent')
    expect(violations.list).toContain('v0 in 0/3: sent a finalize without the notarization on its disk')
  })

  it('of two machines are not compared', () => {
    check.durable('v0', record(vote('nullify', 1)))
    check.durable('v1', record(vote('nullify', 1)))
    check.sent('v0', vote('nullify', 1))
    check.sent('v1', vote('nullify', 1))
    expect(violations.list).toEqual([])
  })
})

describe('quorums', () => {
  const setOf = (powers: readonly bigint[]): SetCheck => {
    const genesis = powers.map((powerWei, i) => ({ address: Uint8Array.of(i), powerWei }))
    return new SetCheck({ genesis, owners: [], minStakeWei: 1n, isByzantine: () => false }, new Violations())
  }
  const bitmap = (count: number): Uint8Array => Uint8Array.of((1 << count) - 1)

  // Written out: the least number of equals that is more than two thirds.
  it.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 4],
    [6, 5],
    [7, 5],
    [8, 6],
  ])('of %i equals are %i', (members, quorum) => {
    const sets = setOf(new Array<bigint>(members).fill(1n))
    expect(sets.quorumFault(0, bitmap(quorum))).toBeUndefined()
    expect(sets.quorumFault(0, bitmap(quorum - 1))).toBeDefined()
  })

  it('exactly two thirds are none, and bits beyond the set are a fault', () => {
    const sets = setOf([2n, 2n, 1n, 1n])
    expect(sets.quorumFault(0, Uint8Array.of(0b0011))).toBe('4 of 6 wei, where 5 are a quorum')
    expect(sets.quorumFault(0, Uint8Array.of(0b0111))).toBeUndefined()
    expect(sets.quorumFault(0, Uint8Array.of(0b1_1111))).toBe('signer 4 of 4')
    expect(sets.quorumFault(0, Uint8Array.of(0b0111, 0))).toBe('a bitmap of 2 bytes for 4 members')
    expect(sets.quorumFault(2, Uint8Array.of(0b0111))).toBe('nobody knows the set of epoch 2 yet')
  })
})

describe('a harvest', () => {
  type Block = Parameters<Harvest['add']>[0]
  const blockOf = (kinds: readonly string[], status: 0 | 1 = 1): Block =>
    ({
      transactions: kinds.map((kind) => ({ action: kind === 'COVENANT' ? { kind, inputs: [1] } : { kind } })),
      receipts: kinds.map(() => ({ status })),
    }) as unknown as Block

  it('lacks everything at first, and nothing once all kinds of things happened', () => {
    const harvest = new Harvest()
    expect(harvest.lacks(0).map(({ what }) => what)).toEqual([
      '0 verified results of 1',
      '0 kinds of staking of 2',
      '0 changes of the validator set of 1',
      '0 kinds of transactions of 4',
      '0 transactions of 12',
      '0 transactions of lanes and covenants of 3',
      '0 spent outputs of 1',
    ])
    harvest.add(blockOf(['SUBMIT_RESULT', 'STAKE', 'DELEGATE', 'TRANSFER'], 0))
    expect(harvest.total).toBe(0)
    harvest.add(blockOf(['SUBMIT_RESULT', 'STAKE', 'DELEGATE', 'TRANSFER']))
    harvest.add(blockOf(['COVENANT', 'COVENANT', 'COVENANT']))
    expect(harvest.lacks(1).map(({ what }) => what)).toEqual(['4 transactions of 12'])
    harvest.add(blockOf(new Array<string>(8).fill('TRANSFER')))
    expect(harvest.lacks(1)).toEqual([])
    expect(harvest.lacks(0)).toHaveLength(1)
  })

  it('names what would help', () => {
    const harvest = new Harvest()
    harvest.add(blockOf(['DELEGATE']))
    const helps = new Map(harvest.lacks(1).map(({ what, helps: kinds }) => [what, kinds]))
    expect(helps.get('0 verified results of 1')).toEqual(['SUBMIT_RESULT'])
    expect(helps.get('1 kinds of staking of 2')).toEqual(['STAKE', 'UNSTAKE', 'UNDELEGATE'])
    expect(helps.get('1 kinds of transactions of 4')).not.toContain('DELEGATE')
  })
})

describe('lanes and outputs', () => {
  const LANE = Uint8Array.of(9, ...new Uint8Array(19))
  const genesis = {
    header: { height: 0, timestampMs: 7, proposer: new Uint8Array(20), seqCommit: ZERO_HASH },
    hash: ZERO_HASH,
  }
  const empty: Reader = { get: () => undefined }

  /** The first block, with an output and a message in a lane. */
  const blockOf = (seqCommit: Hash, status: 0 | 1): ExecutedBlock =>
    ({
      block: { header: { height: 1, seqCommit } },
      transactions: [
        {
          action: {
            kind: 'LANE',
            laneId: LANE,
            payload: EMPTY_BYTES,
            lockTime: 0n,
            inputs: [],
            outputs: [{ value: 5n, spk: { version: 0, script: EMPTY_BYTES } }],
          },
          from: new Uint8Array(20),
          nonce: 3,
        },
      ],
      receipts: [{ status }],
    }) as unknown as ExecutedBlock
  const faultOf = (block: ExecutedBlock, state = empty): string | undefined =>
    new VprogCheck({ vprogsFrom: 1, laneWindowBlocks: 8 }).add(block, genesis as unknown as Block, state)
  const commitmentIn = (fault: string | undefined): Hash => fromHex(fault?.slice(-64) ?? '')

  it('are committed to by the header, whether anything happened in them or not', () => {
    const ofNone = faultOf(blockOf(ZERO_HASH, 0))
    const ofOne = faultOf(blockOf(ZERO_HASH, 1))
    expect(ofNone).toMatch(/^the header commits to lanes 0{64}, and they are /)
    expect(ofOne).not.toBe(ofNone)
    expect(faultOf(blockOf(commitmentIn(ofNone), 0))).toBeUndefined()
  })

  it('have the records that follow from the blocks', () => {
    const right = blockOf(commitmentIn(faultOf(blockOf(ZERO_HASH, 1))), 1)
    expect(faultOf(right)).toMatch(/^lane .* has another tip in its record$/)
    const before = new OutputBook()
    const [activity] = before.add(right)
    expect(activity).toMatchObject({ laneId: LANE, index: 0 })
    const key = concatBytes(activity!.txId, new Uint8Array(4))
    expect(before.fault(empty)).toBe(`output ${hexKey(key)} holds undefined grains, and 5 were paid to it`)
    const records = (grains: number): Reader => ({
      get: (at) => (equalBytes(at, domainHash('tableOutput', key)) ? encodeRlp([encodeUint(grains)]) : undefined),
    })
    expect(before.fault(records(5))).toBeUndefined()
    expect(before.fault(records(4))).toBe(`output ${hexKey(key)} holds 4 grains, and 5 were paid to it`)
    expect(before.heldWei(records(4))).toBe(4n * 10n ** 10n)
  })
})

describe('blame', () => {
  const honest = { name: 'v0', isHonest: true }
  const liar = { name: 'v1', isHonest: false }
  const byzantine = simKey(1).address
  const make = (): Checker =>
    new Checker({
      epochBlocks: 8,
      minStakeWei: 1n,
      genesisWei: 0n,
      genesisSet: [],
      lanes: { vprogsFrom: 0, laneWindowBlocks: 8 },
      isForged: () => false,
      accounts: [],
      owners: [],
      isByzantine: (owner) => owner === byzantine,
      machineOf: () => undefined,
    })

  it('of an honest machine is a violation, of a byzantine one is none', () => {
    const checker = make()
    checker.blamed(honest, liar, 'VOTE_SIGNATURE')
    checker.accused(honest, byzantine)
    expect(checker.violations.list).toEqual([])
    checker.blamed(honest, honest, 'VOTE_SIGNATURE')
    checker.accused(honest, simKey(0).address)
    checker.failed(honest, 'disk')
    expect(checker.violations.list).toHaveLength(3)
  })

  it('of stores that differ at one height', () => {
    const checker = make()
    const tables = (...rows: readonly [id: string, byte: number][]): Rows[] => [
      new Map(),
      new Map(rows.map(([id, byte]) => [id, Uint8Array.of(byte)])),
    ]
    const said = (...stores: readonly Rows[][]): readonly string[] => {
      checker.compareStores(stores.map((each, i) => ({ name: `v${i}`, height: 4, tables: each })))
      return checker.violations.list
    }
    checker.compareStores([
      { name: 'v0', height: 4, tables: tables(['a', 1]) },
      { name: 'v1', height: 5, tables: tables(['a', 2]) },
      { name: 'v2', height: 4, tables: tables(['a', 1]) },
    ])
    expect(said(tables(['a', 1], ['b', 2]), tables(['b', 2], ['a', 1]))).toEqual([])
    const different = 'v1 and v0 hold different records of'
    expect(said(tables(['a', 1]), tables(['a', 2]))).toEqual([`${different} 61 at height 4`])
    expect(said(tables(['a', 1], ['b', 1]), tables(['a', 1])).at(-1)).toBe(`${different} 62 at height 4`)
    expect(said(tables(['a', 1]), tables(['a', 1], ['\u00ff', 1])).at(-1)).toBe(`${different} ff at height 4`)
  })
})
