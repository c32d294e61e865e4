/** What a check of a store found wrong, and what can be done about it. */
import { toHex } from '../../../core/bytes.ts'

/**
 * - `index`    can be written anew from the blocks and values beside it: 11, 13, 14, 17, 1a to 1d, 22
 * - `receipts` can be had by executing the block again, where the state before it is here
 * - `tree`     the newest tree: can be built anew from the values
 * - `past`     older states: can be forgotten
 * - `block`    a block or certificate: it and what is below can be forgotten, and fetched again
 * - `state`    the newest values: the chain has to be cut back below what wrote them, or fetched anew
 * - `journal`  what consensus keeps for a restart: a validator that loses it signs nothing for some views
 * - `stray`    belongs to nothing: can be removed
 * - `store`    what says which store this is
 */
export type FaultKind = 'index' | 'receipts' | 'tree' | 'past' | 'block' | 'state' | 'journal' | 'stray' | 'store'

export interface Fault {
  readonly kind: FaultKind
  readonly key: Uint8Array
  readonly what: string
  /** Of the block that it is about. */
  readonly height?: number
}

/** A folder that is broken throughout is told by fewer; each takes some hundred bytes. */
const MAX_FAULTS = 10_000

export class Faults {
  readonly list: Fault[] = []
  #count = 0

  /** Found, listed or not. */
  get count(): number {
    return this.#count
  }

  add(kind: FaultKind, key: Uint8Array, what: string, height?: number): void {
    this.#count++
    if (this.list.length < MAX_FAULTS) {
      this.list.push({ kind, key: key.slice(), what, ...(height === undefined ? {} : { height }) })
    }
  }
}

const REMEDY: Readonly<Record<FaultKind, string>> = {
  index: '`quern chain repair` writes it anew',
  receipts: '`quern chain repair` executes the block again',
  tree: '`quern chain repair` builds the tree anew',
  past: '`quern chain repair` forgets the states up to the last damaged one',
  block: '`quern chain repair` forgets the blocks up to it, or `--to HEIGHT` cuts the chain below it',
  state: '`quern chain repair --to HEIGHT` cuts the chain back below it; else sync anew in an empty folder',
  journal: '`quern chain repair` removes it and bars the validator from views it may have signed in',
  stray: '`quern chain repair` removes it',
  store: 'check that --genesis and --store belong together; else sync anew in an empty folder',
}

export const describeFault = ({ kind, key, what }: Fault): string => `${toHex(key)}  ${what}: ${REMEDY[kind]}`
