/** Workers as `poc_` methods give them. */
import { formatAddress } from '../../../core/address.ts'
import { type Address, hexKey } from '../../../core/bytes.ts'
import { registeredValidator } from '../../../vm/compute/registration.ts'
import {
  CHUNK_ENTRIES,
  epochs,
  payoutCursor,
  payouts,
  type Worker,
  workerEpochIndex,
  workerEpochs,
  workers,
} from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import type { NodeApi } from '../../api.ts'
import { requireState } from '../block-ref.ts'
import { type Static, Type } from '../method.ts'
import { Bech32Address, DecimalString, decimalString, Integer, Nullable } from '../schema.ts'
import { lastHeightOf } from './epoch-ref.ts'

export const WorkerObject = Type.Object(
  {
    address: Bech32Address,
    validator: Nullable(Bech32Address),
    next_validator: Nullable(Bech32Address),
    next_validator_epoch: Nullable(Integer),
    profile: Type.String(),
    results: Integer,
    work_macs: DecimalString,
    paid: DecimalString,
    epoch_work_macs: decimalString('verified work of the current epoch so far'),
  },
  { additionalProperties: false },
)
type WorkerJson = Static<typeof WorkerObject>

/** What the examples of the methods show. */
export const EXAMPLE_WORKER: WorkerJson = {
  address: 'cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t',
  validator: null,
  next_validator: null,
  next_validator_epoch: null,
  profile: 'one CPU',
  results: 5,
  work_macs: '20971520',
  paid: '48000000000000000000',
  epoch_work_macs: '4194304',
}

/**
 * Workers in one list. An epoch can have epochBlocks * maxResultsPerBlock of them, 115,200 on mainnet; each costs a
 * few reads, and this many still take some milliseconds.
 */
export const MAX_LISTED_WORKERS = 1_024

function workerJson(state: StateReader, epoch: number, address: Address, worker: Worker): WorkerJson {
  const validator = registeredValidator(worker, epoch)
  const isPending = worker.pendingEpoch > epoch
  const next = isPending ? worker.pendingValidator : undefined
  return {
    address: formatAddress(address),
    validator: validator === undefined ? null : formatAddress(validator),
    next_validator: next === undefined ? null : formatAddress(next),
    next_validator_epoch: isPending ? worker.pendingEpoch : null,
    profile: worker.profile,
    results: worker.results,
    work_macs: worker.workMacs.toString(),
    paid: worker.paidWei.toString(),
    epoch_work_macs: (readRecord(state, workerEpochs, { epoch, worker: address }) ?? 0n).toString(),
  }
}

/** Undefined when the address neither registered nor had a result accepted. */
export function findWorker(node: NodeApi, address: Address): WorkerJson | undefined {
  const { state } = requireState(node, 'latest')
  const worker = readRecord(state, workers, address)
  return worker === undefined ? undefined : workerJson(state, node.latest().epoch, address, worker)
}

/** Of the current epoch, in order of their first result. */
function* workersOf(state: StateReader, epoch: number): Generator<Address> {
  const count = readRecord(state, epochs, epoch)?.workers ?? 0
  for (let chunk = 0; chunk * CHUNK_ENTRIES < count; chunk++) {
    yield* readRecord(state, workerEpochIndex, { epoch, chunk }) ?? []
  }
}

/** An epoch's list is gone when it ends; the pay-outs queued by its last block name the same workers. */
function* workersPaidFor(node: NodeApi, epoch: number): Generator<Address> {
  const state = epoch < 0 ? undefined : node.stateAt(lastHeightOf(epoch, node.genesis.params))
  const queue = state && readRecord(state, payoutCursor, undefined)
  if (state === undefined || queue === undefined) return
  for (let chunk = queue.head; chunk < queue.tail; chunk++) {
    for (const { worker } of readRecord(state, payouts, chunk) ?? []) yield worker
  }
}

function* recentWorkers(node: NodeApi, state: StateReader): Generator<Address> {
  const { epoch } = node.latest()
  yield* workersOf(state, epoch)
  yield* workersPaidFor(node, epoch - 1)
}

const byWork = (a: WorkerJson, b: WorkerJson): number => {
  const difference = BigInt(b.work_macs) - BigInt(a.work_macs)
  return difference === 0n ? (a.address < b.address ? -1 : 1) : difference > 0n ? 1 : -1
}

/** Workers with an accepted result in the current epoch or the one before it, most work ever first. */
export function listWorkers(node: NodeApi): WorkerJson[] {
  const { state } = requireState(node, 'latest')
  const found = new Map<string, Address>()
  for (const address of recentWorkers(node, state)) {
    found.set(hexKey(address), address)
    if (found.size === MAX_LISTED_WORKERS) break
  }
  return [...found.values()].flatMap((address) => findWorker(node, address) ?? []).sort(byWork)
}
