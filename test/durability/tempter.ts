/**
 * A hostile world for one validator that comes back: the engine on the store and journal of its disk, leaders who propose two
 * blocks, quorums that certify whatever contradicts, timers that fire at any moment, and a second crash in the middle. The
 * host takes every block for valid. Whoever signs a second, different statement does it here.
 */
import { makeBlock } from '../../consensus/block.ts'
import { aggregateVotes, certificateHash } from '../../consensus/certificate.ts'
import { epochSetup } from '../../consensus/context.ts'
import { Simplex } from '../../consensus/simplex/engine.ts'
import type { Input, JournalRecord, Output } from '../../consensus/simplex/types.ts'
import { testKey } from '../../consensus/testing/chain.ts'
import type { Block, Certificate, Message, Proposal, VoteKind } from '../../consensus/types.ts'
import { proposalBytes, type Signer, signerOf, signVote } from '../../consensus/vote.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { hexKey, ZERO_HASH } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import type { ChainStore } from '../../node/storage/chain-store.ts'
import { leaderOf } from '../../vm/leader.ts'
import { type ChainParams, epochOf } from '../../vm/params.ts'

export interface Tempted {
  readonly params: ChainParams
  readonly genesisHash: Uint8Array
  readonly scheme: BlsScheme
  /** Number of the key that came back; keys 0 to `validators` - 1 are the set. */
  readonly me: number
  readonly validators: number
  readonly store: ChainStore
  readonly records: readonly JournalRecord[]
  readonly random: Random
}

/** Inputs for each of two lives. Enough that every view around the present one has had every kind. */
const INPUTS = 60

/** All that the validator sent, in order, over two lives on this disk. */
export function tempt(setting: Tempted): Message[] {
  const said: Message[] = []
  const records = [...setting.records]
  for (let life = 0; life < 2; life++) {
    const engine = new TemptedEngine(setting, records, said)
    for (let i = 0; i < INPUTS; i++) engine.goOn()
  }
  return said
}

class TemptedEngine {
  readonly #setting: Tempted
  readonly #records: JournalRecord[]
  readonly #said: Message[]
  readonly #engine: Simplex
  readonly #context: ReturnType<typeof epochSetup>
  readonly #head: { readonly block: Block; readonly notarization: Certificate | undefined }
  readonly #keys: readonly Signer[]

  constructor(setting: Tempted, records: JournalRecord[], said: Message[]) {
    const { params, genesisHash, scheme, store, me, validators } = setting
    this.#setting = setting
    this.#records = records
    this.#said = said
    const { height } = store.head.header
    this.#head = { block: store.head, notarization: store.notarization(height) }
    this.#context = epochSetup(store.state, epochOf(height + 1, params))
    const numbers = Array.from({ length: validators }, (_, i) => i)
    const owners = new Map(numbers.map((i) => [hexKey(testKey(i).owner), i]))
    // In the set's order, by address.
    this.#keys = this.#context.set.members.map(({ address }) =>
      signerOf(scheme, testKey(owners.get(hexKey(address))!).blsSecretKey),
    )
    this.#engine = new Simplex({
      genesisHash,
      epochBlocks: params.epochBlocks,
      blockIntervalMs: params.blockIntervalMs,
      networkDelayMs: params.networkDelayMs,
      scheme,
      signer: signerOf(scheme, testKey(me).blsSecretKey),
      checkBody: () => true,
      head: { ...this.#head, finalization: store.finalization(height) },
      context: this.#context,
      records,
    })
    this.#step({ type: 'start' })
  }

  goOn(): void {
    const { random } = this.#setting
    const view = Math.max(0, this.#engine.view - 2 + random.below(5))
    const draw = random.below(12)
    if (draw < 4) this.#propose(view)
    else if (draw < 6) this.#certify('notarize', view)
    else if (draw < 8) this.#certify('nullify', view)
    else if (draw < 11)
      this.#step({
        type: 'timer',
        id: `${random.below(2) === 0 ? 'propose' : 'advance'}/${this.#engine.epoch}/${this.#engine.view}`,
      })
    else this.#step({ type: 'timer', id: 'resend' })
  }

  /** One of two blocks for a view, on the last final one. */
  #block(view: number, variant: number): Block {
    const { block: parent, notarization } = this.#head
    const { header } = parent
    const leader = this.#context.set.members[this.#leader(view)]!
    return makeBlock({
      header: {
        ...header,
        height: header.height + 1,
        epoch: this.#context.set.epoch,
        view,
        parentHash: parent.hash,
        proposer: leader.address,
        parentCertificateHash: certificateHash(notarization),
        extraData: Uint8Array.of(variant),
      },
      transactions: [],
      parentCertificate: notarization,
    })
  }

  #leader(view: number): number {
    return leaderOf(this.#context.set, this.#context.randomness, view)
  }

  #isMe(index: number): boolean {
    return hexKey(this.#context.set.members[index]!.address) === hexKey(testKey(this.#setting.me).owner)
  }

  #propose(view: number): void {
    const leader = this.#leader(view)
    if (this.#isMe(leader)) return
    const block = this.#block(view, this.#setting.random.below(2))
    const unsigned = { epoch: this.#context.set.epoch, view, block }
    const signature = this.#keys[leader]!.sign(proposalBytes(this.#setting.genesisHash, unsigned))
    const proposal: Proposal = { ...unsigned, signature }
    this.#step({ type: 'message', message: { type: 'proposal', proposal }, from: 'tempter' })
  }

  /** By everybody else: far more faults than the protocol bears, and still no reason to contradict oneself. */
  #certify(kind: VoteKind, view: number): void {
    const { genesisHash, scheme, random } = this.#setting
    const { set } = this.#context
    const blockHash = kind === 'nullify' ? ZERO_HASH : this.#block(view, random.below(2)).hash
    const votes = this.#keys.flatMap((signer, validator) =>
      this.#isMe(validator)
        ? []
        : [signVote({ kind, epoch: set.epoch, view, blockHash, validator }, genesisHash, signer)],
    )
    const certificate = aggregateVotes(votes, set, scheme)
    this.#step({ type: 'message', message: { type: 'certificate', certificate }, from: 'tempter' })
  }

  #step(input: Input): void {
    const answers: Input[] = []
    for (const output of this.#engine.step(input)) {
      const answer = this.#carryOut(output)
      if (answer !== undefined) answers.push(answer)
    }
    for (const answer of answers) this.#step(answer)
  }

  #carryOut(output: Output): Input | undefined {
    switch (output.type) {
      case 'persist':
        this.#records.push(output.record)
        return undefined
      case 'broadcast':
        this.#said.push(output.message)
        return undefined
      case 'validate':
        return { type: 'validated', blockHash: output.block.hash, verdict: 'valid' }
      case 'build': {
        const { epoch, view } = output
        return { type: 'built', epoch, view, block: this.#block(view, this.#setting.random.below(2)) }
      }
      default:
        return undefined
    }
  }
}
