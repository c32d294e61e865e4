/** One simulated node: an engine, a disk that survives it, and the host's duties carried out in order. */

import { hexKey } from '../../../core/bytes.ts'
import { epochOf } from '../../../vm/params.ts'
import type { Block, Certificate, Message } from '../../types.ts'
import type { Signer } from '../../vote.ts'
import { certificateIn } from '../certificates.ts'
import { Simplex } from '../engine.ts'
import { placeOf } from '../recovery.ts'
import type { FinalHead, Input, JournalRecord, Output } from '../types.ts'
import {
  BLOCK_INTERVAL_MS,
  checkBody,
  childBlock,
  GENESIS,
  GENESIS_HASH,
  isExecutable,
  type Key,
  NETWORK_DELAY_MS,
} from './network.ts'
import type { World } from './world.ts'

/** What an fsync has covered. */
interface Disk {
  records: JournalRecord[]
  readonly final: FinalHead[]
}

export class Host {
  readonly name: string
  readonly key: Key | undefined
  readonly isHonest: boolean
  readonly disk: Disk = { records: [], final: [GENESIS] }
  readonly #world: World
  engine: Simplex | undefined
  /** Rises with every crash: what was under way in an earlier life comes to nothing. */
  #life = 0
  #queue: Output[] = []
  #writing: JournalRecord | undefined
  #executed = new Map<string, Block>()
  readonly #timers = new Map<string, number>()
  #nextTimer = 0

  constructor(world: World, name: string, key: Key | undefined, isHonest: boolean) {
    this.#world = world
    this.name = name
    this.key = key
    this.isHonest = isHonest
  }

  get head(): FinalHead {
    return this.disk.final.at(-1)!
  }

  get isUp(): boolean {
    return this.engine !== undefined
  }

  boot(): void {
    const { scheme, plan } = this.#world
    const { key } = this
    const signer: Signer | undefined = key && {
      publicKey: key.publicKey,
      sign: (message) => scheme.sign(key.secretKey, message),
    }
    this.#executed = new Map([[hexKey(this.head.block.hash), this.head.block]])
    this.engine = new Simplex({
      genesisHash: GENESIS_HASH,
      epochBlocks: plan.epochBlocks,
      blockIntervalMs: BLOCK_INTERVAL_MS,
      networkDelayMs: NETWORK_DELAY_MS,
      scheme,
      ...(signer && { signer }),
      voteChecks: plan.voteChecks,
      checkBody,
      head: this.head,
      context: this.#contextAfter(this.head),
      records: this.disk.records,
    })
    this.feed({ type: 'start' })
  }

  /** Memory is gone; a write under way may or may not have reached the disk. */
  crash(): void {
    if (this.#writing !== undefined && this.#world.random.chance(0.5)) this.disk.records.push(this.#writing)
    this.#life++
    this.engine = undefined
    this.#queue = []
    this.#writing = undefined
    this.#timers.clear()
  }

  #contextAfter(head: FinalHead) {
    return this.#world.contextOf(epochOf(head.block.header.height + 1, this.#world.plan))
  }

  feed(input: Input): void {
    if (this.engine === undefined) return
    this.#world.note(this.name, input)
    for (const output of this.engine.step(input)) this.#queue.push(output)
    this.#drain()
  }

  #later(delayMs: number, input: () => Input | undefined): void {
    const life = this.#life
    this.#world.after(delayMs, () => {
      if (life !== this.#life) return
      const made = input()
      if (made !== undefined) this.feed(made)
    })
  }

  /** Strictly in order; a write holds up everything after it. */
  #drain(): void {
    while (this.#writing === undefined) {
      const output = this.#queue.shift()
      if (output === undefined) return
      if (output.type === 'persist') this.#write(output.record)
      else this.#perform(output)
    }
  }

  #write(record: JournalRecord): void {
    if (this.#world.random.chance(0.7)) {
      this.disk.records.push(record)
      return
    }
    const life = this.#life
    this.#writing = record
    this.#world.after(this.#world.random.below(5), () => {
      if (life !== this.#life) return
      this.disk.records.push(record)
      this.#writing = undefined
      this.#drain()
    })
  }

  #perform(output: Exclude<Output, { type: 'persist' }>): void {
    const { oracle } = this.#world
    switch (output.type) {
      case 'broadcast':
        this.#world.broadcast(this, output.message)
        break
      case 'setTimer': {
        const number = ++this.#nextTimer
        this.#timers.set(output.id, number)
        this.#later(output.delayMs, () =>
          this.#timers.get(output.id) === number ? { type: 'timer', id: output.id } : undefined,
        )
        break
      }
      case 'cancelTimer':
        this.#timers.delete(output.id)
        break
      case 'build':
        this.#build(output)
        break
      case 'validate':
        this.#validate(output.block)
        break
      case 'notarized':
        break
      case 'finalized':
        this.#finalise(output)
        break
      case 'fetchBlock':
        this.#world.fetchBlock(this, output.hash, output.hints)
        break
      case 'fetchCertificates':
        this.#world.fetchCertificates(this, output.epoch, output.fromView)
        break
      case 'lagging':
        this.#world.sync(this)
        break
      case 'misbehaviour':
        if (this.isHonest)
          oracle.onAccused(this.name, output.evidence, this.#world.isByzantine(output.evidence.validator))
        break
      case 'ignored':
        break
      case 'rejected':
        if (this.isHonest && this.#world.isHonestName(output.from)) {
          oracle.onRejected(this.name, output.from ?? '?', output.code)
        }
        break
      case 'halt':
        if (this.isHonest) oracle.onHalt(this.name, output.message)
        break
    }
  }

  #build(request: Extract<Output, { type: 'build' }>): void {
    const { epoch, view, parentHash } = request
    const parent = this.#executed.get(hexKey(parentHash))
    if (parent === undefined || this.key === undefined)
      throw new Error(`${this.name} asked to build on an unknown block`)
    const { address } = this.key
    this.#later(this.#world.random.below(BLOCK_INTERVAL_MS), () => {
      const certificate = this.engine?.widestNotarization(parentHash) ?? request.parentCertificate
      const payload = this.#world.payload(this)
      const block = childBlock(parent.header, parentHash, certificate, { epoch, view, proposer: address }, payload)
      if (this.#world.proposeOtherwise(this, block, parent, certificate)) return undefined
      this.#executed.set(hexKey(block.hash), block)
      return { type: 'built', epoch, view, block }
    })
  }

  #validate(block: Block): void {
    const parent = this.#executed.get(hexKey(block.header.parentHash))
    if (parent === undefined) throw new Error(`${this.name} asked to execute a block on an unknown parent`)
    this.#later(this.#world.random.below(10), () => {
      if (this.#world.random.chance(0.05)) return { type: 'validated', blockHash: block.hash, verdict: 'retry' }
      const isValid = isExecutable(block, parent, this.#world.contextOf(block.header.epoch))
      if (isValid) this.#executed.set(hexKey(block.hash), block)
      return { type: 'validated', blockHash: block.hash, verdict: isValid ? 'valid' : 'invalid' }
    })
  }

  #finalise(output: Extract<Output, { type: 'finalized' }>): void {
    const { blocks, finalization, notarization, endsEpoch } = output
    const { head } = this
    if (this.isHonest) {
      this.#world.oracle.onFinalized(this.name, output, hexKey(head.block.hash), head.block.header.height)
    }
    for (const block of blocks.slice(0, -1))
      this.disk.final.push({ block, notarization: undefined, finalization: undefined })
    const last = blocks.at(-1)!
    this.disk.final.push({ block: last, notarization, finalization })
    this.#forget(finalization)
    if (!endsEpoch) return
    const context = this.#contextAfter(this.head)
    this.#later(this.#world.random.below(5), () => ({ type: 'epochSet', context }))
  }

  #forget({ epoch, view }: Certificate): void {
    this.disk.records = this.disk.records.filter((record) => {
      const place = placeOf(record)
      return place.epoch > epoch || (place.epoch === epoch && place.view > view)
    })
  }

  /** Takes over the final chain of a peer, as a host does after checking it. */
  adopt(final: readonly FinalHead[]): void {
    // What the engine decided already comes first: its outputs are ahead of the disk.
    if (this.#writing !== undefined) return
    const head = final.at(-1)
    if (head?.finalization === undefined || final.length <= this.disk.final.length) return
    this.disk.final.push(...final.slice(this.disk.final.length))
    this.#forget(head.finalization)
    this.#executed.set(hexKey(head.block.hash), head.block)
    this.feed({ type: 'synced', head, context: this.#contextAfter(head) })
  }

  block(hash: string): Block | undefined {
    for (const record of this.disk.records) {
      const block =
        record.type === 'block' ? record.block : record.type === 'proposal' ? record.proposal.block : undefined
      if (block !== undefined && hexKey(block.hash) === hash) return block
    }
    return this.disk.final.findLast(({ block }) => hexKey(block.hash) === hash)?.block
  }

  /** None that still waits for the disk to hold what it stands on. */
  certificatesFrom(epoch: number, fromView: number): Certificate[] {
    const unsaid = new Set(this.#queue.map(certificateIn))
    return (this.engine?.certificatesFrom(epoch, fromView) ?? []).filter((certificate) => !unsaid.has(certificate))
  }

  /** Blocks that the next one could be built on if only their own notarization counted. */
  get parents(): { readonly block: Block; readonly notarization: Certificate | undefined }[] {
    const known = this.engine?.certificatesFrom(this.engine.epoch, 0) ?? []
    const open = known.flatMap((notarization) => {
      const block = this.#executed.get(hexKey(notarization.blockHash))
      return notarization.kind === 'notarize' && block !== undefined ? [{ block, notarization }] : []
    })
    return [this.head, ...this.disk.final.slice(-3).filter(({ notarization }) => notarization !== undefined), ...open]
  }

  receive(message: Message, from: string): void {
    this.#world.overhear(this, message)
    this.feed({ type: 'message', message, from })
  }
}
