/** Bugs to plant in the node: each is one that the simulator must find. */

export interface Edit {
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  readonly edits: readonly Edit[]
  /** A seed that found it when this was written: tried first, so that the search is short while it still does. */
  readonly tryFirst: number
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a quorum is floor(2n / 3)',
    edits: [
      {
        file: 'vm/validator-set.ts',
        find: 'power * 3n > total * 2n',
        replace: 'power >= (total * 2n) / 3n',
      },
    ],
    tryFirst: 2,
  },
  {
    name: 'finalize after nullify',
    edits: [
      {
        file: 'consensus/simplex/certificates.ts',
        find: "if (notarization === undefined || !canSign(s) || ownVote(s, view, 'nullify') !== undefined) return",
        replace: 'if (notarization === undefined || !canSign(s)) return',
      },
      {
        file: 'consensus/simplex/ballot.ts',
        find: "  return ownVote(s, view, 'nullify') !== undefined\n",
        replace: "  return kind === 'notarize' && ownVote(s, view, 'nullify') !== undefined\n",
      },
    ],
    tryFirst: 0,
  },
  {
    name: 'votes are lost on restart',
    edits: [
      {
        file: 'consensus/simplex/recovery.ts',
        find: 'viewAt(s, vote.view).votes[vote.kind].set(vote.validator, { vote, isVerified: true, from: undefined })',
        replace: '',
      },
    ],
    tryFirst: 0,
  },
  {
    name: 'gap views are not checked',
    edits: [
      {
        file: 'consensus/simplex/proposals.ts',
        find: '  if (gap !== undefined) {\n    fetchCertificates(s, gap, view - 1)\n    return false\n  }\n',
        replace: '  if (gap !== undefined) fetchCertificates(s, gap, view - 1)\n',
      },
    ],
    tryFirst: 69,
  },
  {
    name: 'the power of certificates is not checked',
    edits: [
      {
        file: 'consensus/certificate.ts',
        find: 'if (!isQuorum(power, totalPower(set))) {',
        replace: 'if (power > totalPower(set)) {',
      },
    ],
    tryFirst: 21,
  },
  {
    name: 'the set of an epoch is off by one',
    edits: [
      {
        file: 'vm/epoch.ts',
        find: 'state.set(epochSets, epoch + 2, selectSet(state, epoch, rules.params))',
        replace:
          'const set = selectSet(state, epoch, rules.params)\n  state.set(epochSets, epoch + 1, { ...set, epoch: epoch + 1 })\n  state.set(epochSets, epoch + 2, set)',
      },
    ],
    tryFirst: 0,
  },
  {
    name: 'a torn write-ahead record is accepted',
    edits: [
      {
        file: 'devnet/sim/disk.ts',
        find: 'for (const batch of lost.reverse()) this.#undo(batch)',
        replace: 'for (const batch of lost.reverse()) this.#tear(batch)',
      },
      {
        file: 'devnet/sim/disk.ts',
        find: '  #undo(batch: Batch): void {',
        replace:
          '  /** Half of the operations, and of the last of them half of its bytes. */\n  #tear(batch: Batch): void {\n    this.#undo(batch)\n    const half = batch.operations.slice(0, Math.ceil(batch.operations.length / 2))\n    const last = half.at(-1)\n    if (last?.type === "put") half[half.length - 1] = { ...last, value: last.value.subarray(0, last.value.length >> 1) }\n    this.#show({ ...batch, operations: half, undo: undefined })\n  }\n\n  #undo(batch: Batch): void {',
      },
      {
        file: 'node/storage/journal.ts',
        find: '      found.push([readU64(key, PREFIX.record.length), decodeRecord(value)])\n',
        replace:
          '      try {\n        found.push([readU64(key, PREFIX.record.length), decodeRecord(value)])\n      } catch {}\n',
      },
    ],
    tryFirst: 4,
  },
  {
    name: 'a lost disk bars nobody from signing again',
    edits: [
      {
        file: 'consensus/simplex/state.ts',
        find: '  canSign(s) && isAfter(s.options.barredUpTo, s.set.epoch, view)',
        replace: '  canSign(s) && isAfter(undefined, s.set.epoch, view)',
      },
    ],
    tryFirst: 8,
  },
  {
    name: 'places are signed at without being reserved',
    edits: [
      {
        file: 'node/validator/participant.ts',
        find: '        await reservePlaces(modules.protection, records)\n',
        replace: '',
      },
    ],
    tryFirst: 8,
  },
  {
    name: 'nothing is sent again',
    edits: [
      {
        file: 'consensus/simplex/resend.ts',
        find: '  resend(s)\n  startResendTimer(s)\n',
        replace: '  startResendTimer(s)\n',
      },
    ],
    tryFirst: 9,
  },
  {
    name: 'records leave the node before they are on the disk',
    edits: [
      {
        file: 'node/storage/journal.ts',
        find: 'await this.#kv.write(operations, { sync: true })',
        replace: 'await this.#kv.write(operations)',
      },
    ],
    tryFirst: 0,
  },
  {
    name: 'what a peer calls final is believed',
    edits: [
      {
        file: 'node/sync/catch-up.ts',
        find: 'if (notarization === undefined || !this.#proves(execution.entry, notarization, finalization)) {',
        replace: 'if (notarization === undefined || this.#modules === undefined) {',
      },
    ],
    tryFirst: 64,
  },
  {
    name: 'a lane is active for a block too long',
    edits: [
      {
        file: 'vm/lanes/commit.ts',
        find: 'of expire(state, height - params.laneWindowBlocks - 1)',
        replace: 'of expire(state, height - params.laneWindowBlocks - 2)',
      },
    ],
    tryFirst: 0,
  },
  {
    name: 'lanes see transactions that failed',
    edits: [
      {
        file: 'vm/execution/execution.ts',
        find: 'if (failure === undefined) this.#note(tx, index)',
        replace: 'this.#note(tx, index)',
      },
    ],
    tryFirst: 12,
  },
  {
    name: 'anything opens what a proof shall open',
    edits: [
      {
        file: 'vm/zk/development.ts',
        find: 'if (!verifySchnorr(',
        replace: 'if (signature.length === 0 && !verifySchnorr(',
      },
    ],
    tryFirst: 11,
  },
]
