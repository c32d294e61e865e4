/** A store whose machine loses power at one of its writes, with the batch on the disk or not. Never half of it: batches are atomic. */
import type { KvOperation, KvReader, KvStore } from '../../core/kv.ts'

export class PowerCut extends Error {}

export interface CutPlan {
  /** The write at which the power goes, counted from 1. */
  readonly atWrite: number
  /** Whether that batch still reached the disk; nobody was told in either case. */
  readonly isWritten: boolean
}

export class FaultyStore implements KvStore {
  readonly #disk: KvStore
  readonly #plan: CutPlan
  #writes = 0

  constructor(disk: KvStore, plan: CutPlan) {
    this.#disk = disk
    this.#plan = plan
  }

  get isCut(): boolean {
    return this.#writes >= this.#plan.atWrite
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#disk.get(key)
  }

  entries(range?: Parameters<KvReader['entries']>[0]): ReturnType<KvReader['entries']> {
    return this.#disk.entries(range)
  }

  async write(operations: readonly KvOperation[], options?: { readonly sync?: boolean }): Promise<void> {
    if (this.isCut) throw new PowerCut('no power')
    this.#writes++
    if (!this.isCut || this.#plan.isWritten) await this.#disk.write(operations, options)
    if (this.isCut) throw new PowerCut(`power cut at write ${this.#writes}`)
  }

  async close(): Promise<void> {}
}
