/** Byzantine leaders: what they propose in place of the block that their node built. */
import { makeBlock } from '../../../consensus/block.ts'
import type { Block, Header } from '../../../consensus/types.ts'
import { equalBytes } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import type { Actor } from '../machine.ts'
import { FORK_MARK, forkBeside } from './forgery.ts'
import { type Stage, spoken } from './stage.ts'

const withHeader = (block: Block, changes: Partial<Header>): Block =>
  makeBlock({ ...block, header: { ...block.header, ...changes } })

/** The same answer for the same view: what is sent again every D must not multiply. */
class OncePerView<T> {
  readonly #made = new Map<string, T>()

  get(epoch: number, view: number, make: () => T): T {
    const id = `${epoch}/${view}`
    let made = this.#made.get(id)
    if (made === undefined) {
      made = make()
      this.#made.set(id, made)
    }
    return made
  }
}

/** Two blocks for two halves, with votes for both; whatever an ally proposes is supported too. */
export function equivocator(stage: Stage): Actor {
  const twins = new OncePerView<Block>()
  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner?.type !== 'proposal') return false
      const { epoch, view, block } = inner.proposal
      // The epoch's last block proposed again is nobody's to change.
      const twin = twins.get(epoch, view, () =>
        block.header.view === view ? withHeader(block, { extraData: Uint8Array.of(1 + stage.random.below(9)) }) : block,
      )
      for (const peer of stage.peers) stage.propose(view, stage.random.chance(0.5) ? block : twin, peer)
      stage.support(epoch, view, block.hash)
      stage.support(epoch, view, twin.hash)
      return true
    },
    hear: (_, message) => {
      const inner = spoken(message)
      if (inner?.type === 'proposal' && stage.modules.isAlly(inner.proposal.block.header.proposer)) {
        stage.support(inner.proposal.epoch, inner.proposal.view, inner.proposal.block.hash)
      }
      return true
    },
  }
}

const OTHER = sha256(Uint8Array.of(7))

/** One thing is wrong with each block. */
const WRONG: readonly ((header: Header) => Partial<Header>)[] = [
  () => ({ stateRoot: OTHER }),
  () => ({ receiptRoot: OTHER }),
  () => ({ computeRoot: OTHER }),
  () => ({ parentHash: OTHER }),
  () => ({ validatorsHash: OTHER }),
  () => ({ randomnessReveal: new Uint8Array(96).fill(1) }),
  ({ height }) => ({ height: height + 1 }),
  ({ epoch }) => ({ epoch: epoch + 1 }),
  ({ view }) => ({ view: view + 1 }),
  ({ gasUsed }) => ({ gasUsed: gasUsed + 1 }),
  ({ baseFeePerGas }) => ({ baseFeePerGas: baseFeePerGas + 1n }),
  ({ timestampMs }) => ({ timestampMs: timestampMs - 60_000 }),
  ({ resultCount }) => ({ resultCount: resultCount + 1 }),
]

export function invalidProposer(stage: Stage): Actor {
  const wrong = new OncePerView<Block>()
  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner?.type !== 'proposal') return false
      const { epoch, view, block } = inner.proposal
      const bad = wrong.get(epoch, view, () => withHeader(block, stage.random.pick(WRONG)(block.header)))
      stage.say({ type: 'proposal', proposal: { ...stage.proposalOf(view, bad), epoch } })
      stage.support(epoch, view, bad.hash)
      return true
    },
  }
}

/** Dates its blocks ahead of every clock. */
export function postdater(stage: Stage): Actor {
  const late = new OncePerView<Block>()
  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner?.type !== 'proposal' || inner.proposal.block.header.view !== inner.proposal.view) return false
      const { epoch, view, block } = inner.proposal
      const aheadMs = stage.random.between(1, 20) * stage.modules.networkDelayMs
      const dated = late.get(epoch, view, () => withHeader(block, { timestampMs: block.header.timestampMs + aheadMs }))
      stage.propose(view, dated)
      return true
    },
  }
}

/** Proposes to some only, votes to some only, and keeps certificates to itself. */
export function withholder(stage: Stage): Actor {
  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner === undefined) return false
      if (inner.type === 'certificate') return true
      for (const peer of stage.peers) if (stage.random.chance(0.5)) stage.say(inner, peer)
      return true
    },
  }
}

/**
 * Leads on an older block than it must, over the head of what was notarised since, and at once, before that is final. Its
 * block is valid in everything but its place (S2, the gap).
 */
export function forker(stage: Stage): Actor {
  const { library } = stage.modules
  const forked = new OncePerView<Block | undefined>()

  /** Beside the block that we should extend, or beside its parent. */
  function fork(epoch: number, view: number, tip: Block): Block | undefined {
    const over = stage.random.chance(0.5) ? library.block(tip.header.parentHash) : tip
    return forkBeside(stage, over ?? tip, epoch, view)
  }

  function lead(epoch: number, view: number, over: Block): void {
    const block = forked.get(epoch, view, () => fork(epoch, view, over))
    if (block === undefined) return
    library.note(block)
    stage.propose(view, block)
    stage.support(epoch, view, block.hash)
  }

  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner?.type === 'certificate' && inner.certificate.kind === 'notarize') {
        const { epoch, view, blockHash } = inner.certificate
        const over = library.block(blockHash)
        if (over !== undefined && stage.leads(epoch, view + 1)) lead(epoch, view + 1, over)
        return false
      }
      if (inner?.type !== 'proposal') return false
      const { epoch, view } = inner.proposal
      library.note(inner.proposal.block)
      const instead = forked.get(epoch, view, () => undefined)
      return instead !== undefined
    },
    hear: (_, message) => {
      const inner = spoken(message)
      if (inner?.type !== 'proposal') return true
      const { epoch, view, block } = inner.proposal
      library.note(block)
      const isAllys = stage.modules.isAlly(block.header.proposer)
      if (isAllys && equalBytes(block.header.extraData, FORK_MARK)) stage.support(epoch, view, block.hash)
      return true
    },
  }
}
