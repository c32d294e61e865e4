/**
 * Rules as tables: a situation, one input, and all that the engine answers, in words. Test-only.
 *
 *     inputs    proposal(0, A)             the view's leader proposes block A        `by 3` for another signer
 *               notarize(0, A) by 1        a vote; also nullify(0), finalize(0, A)
 *               notarization(0, A)         a certificate of validators 0, 1 and 2    `by 0 1` for others
 *               nullification(0) of epoch 1
 *               A is valid                 the host's verdict: valid, invalid, undecided
 *               built A, fetched A         the host's answers to build and fetch
 *               propose fires              a timer of the present view; `timer propose/0/0 fires` for any
 *               D passes                   the resend timer
 *               restart                    the process dies and starts on what was stored
 *               set of epoch 1             the host's answer to a commit that ends an epoch
 *     outputs   store, send                what is put on disk, what leaves the node
 *               start, cancel              timers
 *               build(1) on A, execute A   what the host is asked to do
 *               tip A, commit A B          the notarised tip; final blocks, oldest first
 *               fetch A, fetch views 0..1  what is missing, with the validators to ask
 *               accuse, ignore, reject, lagging, halt
 *
 * Four equal validators; leaders of views 0 to 9 of epoch 0 are 1 0 1 3 2 0 1 1 2 2. We are validator 2 where nothing else is said.
 * Every row is also held against S7: what we say or pass on stands on the disk before it leaves.
 */
import { expect, it } from 'vitest'
import { equalBytes, type Hash, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { epochOf } from '../../vm/params.ts'
import type { Block, Certificate, Message, VoteKind } from '../types.ts'
import { Bench, blockAt, certificate, contextAt, GENESIS_BLOCK, keys, leaderIn, proposal, vote } from './fixture.ts'
import { BLOCK_INTERVAL_MS, childBlock, NETWORK_DELAY_MS } from './simulation/network.ts'
import type { JournalRecord, Output, SimplexOptions } from './types.ts'

const EPOCH_BLOCKS = 100

/** It is not our turn to lead before view 4. */
export const US = 2

const A = blockAt(0)
const B = blockAt(1, A)
const C = blockAt(2, B)
/** A letter for the view; a digit 0 stands on genesis, 2 is a rival, A stands on A. */
const CAST: Readonly<Record<string, Block>> = {
  genesis: GENESIS_BLOCK,
  A,
  A2: blockAt(0, GENESIS_BLOCK, 2),
  /** The header of A over another body. */
  Aswapped: { ...A, transactions: [Uint8Array.of(9)] },
  B,
  B0: blockAt(1),
  /** On A, with too few signatures behind A. */
  Bweak: childBlock(
    A.header,
    A.hash,
    certificate('notarize', 0, A.hash, [0, 1]),
    { epoch: 0, view: 1, proposer: keys[leaderIn(1)]!.address },
    Uint8Array.of(1),
  ),
  /** On the rival of A. */
  BA2: blockAt(1, blockAt(0, GENESIS_BLOCK, 2)),
  C,
  C0: blockAt(2),
  CA: blockAt(2, A),
  D: blockAt(3, C),
  J0: blockAt(9),
}

export const blockNamed = (name: string): Block => {
  const block = CAST[name]
  if (block === undefined) throw new Error(`no block is called ${name}`)
  return block
}

const names = new Map(Object.entries(CAST).map(([name, block]) => [hexKey(block.hash), name]))
names.set(hexKey(A.hash), 'A')
const nameOf = (hash: Hash): string => names.get(hexKey(hash)) ?? `?${hexKey(hash)}`

const CERTIFIES: Readonly<Record<string, VoteKind>> = {
  notarization: 'notarize',
  nullification: 'nullify',
  finalization: 'finalize',
}
const NOUN: Readonly<Record<VoteKind, string>> = {
  notarize: 'notarization',
  nullify: 'nullification',
  finalize: 'finalization',
}

// ------------------------------------------------------------------------------------------------------- into words

const placed = (what: string, epoch: number, view: number, hash: Hash): string =>
  `${what}(${view}${equalBytes(hash, ZERO_HASH) ? '' : `, ${nameOf(hash)}`})${epoch === 0 ? '' : ` of epoch ${epoch}`}`

const certificateWords = ({ kind, epoch, view, blockHash }: Certificate): string =>
  placed(NOUN[kind], epoch, view, blockHash)

function messageWords(message: Message | JournalRecord): string {
  switch (message.type) {
    case 'vote': {
      const { kind, epoch, view, blockHash } = message.vote
      return placed(kind, epoch, view, blockHash)
    }
    case 'proposal':
      return placed('proposal', message.proposal.epoch, message.proposal.view, message.proposal.block.hash)
    case 'certificate':
      return certificateWords(message.certificate)
    case 'block':
      return `block ${nameOf(message.block.hash)}`
  }
}

export function outputWords(output: Output): string {
  switch (output.type) {
    case 'persist':
      return `store ${messageWords(output.record)}`
    case 'broadcast':
      return `send ${messageWords(output.message)}`
    case 'setTimer':
      return `start ${output.id} ${output.delayMs} ms`
    case 'cancelTimer':
      return `cancel ${output.id}`
    case 'build': {
      const by = output.parentCertificate === undefined ? '' : ` by ${certificateWords(output.parentCertificate)}`
      return `build(${output.view}) on ${nameOf(output.parentHash)}${by}`
    }
    case 'validate':
      return `execute ${nameOf(output.block.hash)}`
    case 'notarized':
      return `tip ${nameOf(output.certificate.blockHash)}`
    case 'finalized':
      return `commit ${output.blocks.map(({ hash }) => nameOf(hash)).join(' ')}${output.endsEpoch ? ', epoch ends' : ''}`
    case 'fetchBlock':
      return `fetch ${nameOf(output.hash)} from ${output.hints.join(' ')}`
    case 'fetchCertificates':
      return `fetch views ${output.fromView}..${output.toView}`
    case 'lagging':
      return `lagging behind epoch ${output.epoch}`
    case 'misbehaviour': {
      const { validator, view, first, second } = output.evidence
      const who = keys.findIndex(({ address }) => equalBytes(address, validator))
      return `accuse ${who} of ${[first, second].map(({ type, blockHash }) => placed(type, 0, view, blockHash)).join(' and ')}`
    }
    case 'keyElsewhere':
      return `key elsewhere in view ${output.view}`
    case 'ignored':
      return `ignore ${output.code}`
    case 'rejected':
      return `reject ${output.code}`
    case 'halt':
      return `halt ${output.code}`
  }
}

// ------------------------------------------------------------------------------------------------------- from words

const SAID = /^(\w+)\((\d+)(?:, (\w+))?\)(?: by ([\d ]+))?(?: of epoch (\d+))?$/

function messageOf(words: string): Message | undefined {
  const [, what, viewDigits, name, by, epochDigits] = SAID.exec(words) ?? []
  if (what === undefined) return undefined
  const view = Number(viewDigits)
  const epoch = Number(epochDigits ?? 0)
  const hash = name === undefined ? ZERO_HASH : blockNamed(name).hash
  const signers = by?.split(' ').map(Number)
  if (what === 'proposal') {
    return { type: 'proposal', proposal: { ...proposal(view, blockNamed(name!), signers?.[0]), epoch } }
  }
  const certified = CERTIFIES[what]
  if (certified !== undefined) {
    return { type: 'certificate', certificate: certificate(certified, view, hash, signers, epoch) }
  }
  return { type: 'vote', vote: vote(what as VoteKind, view, hash, signers![0]!, epoch) }
}

const VERDICTS = { valid: 'valid', invalid: 'invalid', undecided: 'retry' } as const

/** A validator over all its lives, driven by words. */
export class Play {
  readonly #me: number | undefined
  readonly #options: Partial<SimplexOptions>
  readonly records: JournalRecord[] = []
  #bench: Bench
  /** What it did as its present life began. */
  readonly started: readonly Output[]

  constructor(me: number | undefined, options: Partial<SimplexOptions> = {}) {
    this.#me = me
    this.#options = options
    this.#bench = new Bench(me, { epochBlocks: EPOCH_BLOCKS, ...options })
    this.started = this.#keep(this.#bench.said())
  }

  get engine(): Bench['engine'] {
    return this.#bench.engine
  }

  do(words: string): readonly Output[] {
    return words === 'restart' ? this.restart() : this.#keep(this.#step(words))
  }

  /** Dies, and starts on what was stored; `kept` says what of it the disk still has. */
  restart(kept: (record: JournalRecord, i: number) => boolean = () => true): readonly Output[] {
    const records = this.records.filter(kept)
    this.records.splice(0, this.records.length, ...records)
    const { head } = this.#bench.engine
    const epoch = epochOf(head.block.header.height + 1, { epochBlocks: this.#options.epochBlocks ?? EPOCH_BLOCKS })
    this.#bench = new Bench(this.#me, {
      epochBlocks: EPOCH_BLOCKS,
      ...this.#options,
      head,
      context: contextAt(epoch),
      records,
    })
    return this.#keep(this.#bench.said())
  }

  #step(words: string): readonly Output[] {
    const bench = this.#bench
    const message = messageOf(words)
    if (message !== undefined) return bench.hear(message)
    const [, name, verdict] = /^(\w+) is (\w+)$/.exec(words) ?? []
    if (name !== undefined) return bench.validate(blockNamed(name), VERDICTS[verdict as keyof typeof VERDICTS])
    const [, did, what] = /^(built|fetched|timer) (\S+)/.exec(words) ?? []
    if (did === 'built') {
      const block = blockNamed(what!)
      return bench.step({ type: 'built', epoch: 0, view: block.header.view, block })
    }
    if (did === 'fetched') return bench.step({ type: 'blockFetched', block: blockNamed(what!) })
    if (did === 'timer') return bench.step({ type: 'timer', id: what! })
    if (words === 'D passes') return bench.tick()
    if (words === 'propose fires') return bench.timer('propose')
    if (words === 'advance fires') return bench.timer('advance')
    const [, epoch] = /^set of epoch (\d+)$/.exec(words) ?? []
    if (epoch !== undefined) return bench.step({ type: 'epochSet', context: contextAt(Number(epoch)) })
    throw new Error(`nobody knows what this means: ${words}`)
  }

  /** S7 for whatever is played: votes, proposals and certificates are on the disk before they leave. */
  #keep(outputs: readonly Output[]): readonly Output[] {
    const stored = new Set(this.records.map(messageWords))
    const { finalization } = this.#bench.engine.head
    if (finalization !== undefined) stored.add(certificateWords(finalization))
    for (const output of outputs) {
      if (output.type === 'persist') {
        this.records.push(output.record)
        stored.add(messageWords(output.record))
      }
      if (output.type === 'broadcast') expect([...stored]).toContain(messageWords(output.message))
    }
    return outputs
  }
}

export interface Row {
  /** What the rule says, or what it does not say. */
  readonly clause: string
  /** Whose engine it is; `undefined` for an observer. Default: US. */
  readonly me?: number | undefined
  readonly options?: Partial<SimplexOptions>
  /** What happened before. */
  readonly given: readonly string[]
  /** `start` for the very first one. */
  readonly input: string
  /** All of it, in order. */
  readonly outputs: readonly string[]
}

export function checkRows(rows: readonly Row[]): void {
  for (const row of rows) {
    it(row.clause, () => {
      const play = new Play('me' in row ? row.me : US, row.options)
      for (const words of row.given) play.do(words)
      const outputs = row.input === 'start' ? play.started : play.do(row.input)
      expect(outputs.map(outputWords)).toEqual(row.outputs)
    })
  }
}

// ------------------------------------------------------------------------------------------- what comes back often

const PROPOSE_MS = BLOCK_INTERVAL_MS + 2 * NETWORK_DELAY_MS
const ADVANCE_MS = BLOCK_INTERVAL_MS + 5 * NETWORK_DELAY_MS

/** The timers of a view in epoch 0 start, `factor` times as long as in a healthy network. */
export const timers = (view: number, factor = 1, epoch = 0): string[] => [
  `start propose/${epoch}/${view} ${factor * PROPOSE_MS} ms`,
  `start advance/${epoch}/${view} ${factor * ADVANCE_MS} ms`,
]

/** From one view to another: its timers end, the other's start. */
export const enter = (view: number, { from = view - 1, factor = 1 } = {}): string[] => [
  `cancel propose/0/${from}`,
  `cancel advance/0/${from}`,
  ...timers(view, factor),
]

/** The same where our notarize vote had ended the first timer. */
export const enterVoted = (view: number): string[] => [`cancel advance/0/${view - 1}`, ...timers(view)]

export const storeAndSend = (what: string): string[] => [`store ${what}`, `send ${what}`]

/** What brings a block to be notarised and executed, in the view it was made for. */
export const notarised = (name: string): string[] => {
  const { view } = blockNamed(name).header
  return [`proposal(${view}, ${name})`, `${name} is valid`, `notarization(${view}, ${name})`]
}

export const RESEND_STARTS = `start resend ${NETWORK_DELAY_MS} ms`
