/** Playing the tile lottery for real, and signing what becomes of it: honest results and forged ones. */

import type { Hash } from '../../core/bytes.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import type { Work } from '../../gpu/chain-client.ts'
import { createReferenceBackend } from '../../gpu/reference.ts'
import { createRpcClient } from '../../gpu/rpc-client.ts'
import { computeSeed } from '../../vm/compute/seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, wins } from '../../vm/compute/ticket.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action, ComputeResult } from '../../vm/transaction/types.ts'

/** Low enough that almost every attempt at MATRIX_SIZE wins. */
export const EASY_DIFFICULTY_MACS = 2 ** 23
const MATRIX_SIZE = 256

export interface Ticket {
  readonly seedHeight: number
  readonly result: ComputeResult
}

type SubmitResult = Extract<Action, { kind: 'SUBMIT_RESULT' }>

const workAt = (url: string): Promise<Work> => createRpcClient(url).getWork()

function ticket(work: Work, privateKey: Uint8Array, attempt: number, tile: number, resultHash: Hash): Ticket {
  const workerAddress = privateKeyToAddress(privateKey)
  const seed = computeSeed(work.blockHash, workerAddress)
  const result = {
    taskId: taskIdOf(seed, MATRIX_SIZE, attempt),
    workerAddress,
    resultHash,
    proof: undefined,
    nonce: packNonce({ attempt, tile }),
    signature: undefined,
  }
  return { seedHeight: work.height, result }
}

/** A win on the newest final block. */
export async function findWin(url: string, privateKey: Uint8Array): Promise<Ticket> {
  const work = await workAt(url)
  const seed = computeSeed(work.blockHash, privateKeyToAddress(privateKey))
  const target = targetOf(MATRIX_SIZE, work.difficultyMacs)
  const backend = createReferenceBackend()
  for (let attempt = 0; ; attempt++) {
    const [win] = await backend.attempt({ seed, n: MATRIX_SIZE, target }, attempt)
    if (win !== undefined) return ticket(work, privateKey, attempt, win.tile, win.ticket)
  }
}

/** A tile computed honestly, whose ticket is not under the target. */
export async function findLoss(url: string, privateKey: Uint8Array): Promise<Ticket> {
  const work = await workAt(url)
  const seed = computeSeed(work.blockHash, privateKeyToAddress(privateKey))
  const target = targetOf(MATRIX_SIZE, work.difficultyMacs)
  for (let tile = 0; tile < tileCount(MATRIX_SIZE); tile++) {
    const drawn = ticketOfTile(referenceKernel, seed, MATRIX_SIZE, { attempt: 0, tile })
    if (!wins(drawn, target)) return ticket(work, privateKey, 0, tile, drawn)
  }
  throw new Error('every tile of an attempt won: the difficulty is too low for this test')
}

export interface Signer {
  readonly privateKey: Uint8Array
  readonly nonce: number
}

/** @param forged replaces parts of the result before it is signed */
export function signTicket(
  { seedHeight, result }: Ticket,
  { privateKey, nonce }: Signer,
  forged: Partial<ComputeResult> = {},
): Uint8Array {
  const action: SubmitResult = {
    kind: 'SUBMIT_RESULT',
    challengeType: 'synthetic',
    seedHeight,
    matrixSize: MATRIX_SIZE,
    result: { ...result, ...forged },
  }
  const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
  return signNative({ chainId: 26_180, nonce, ...fees, action }, privateKey)
}

/** The same bytes but one. */
export function withOneWrongByte(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[copy.length - 1] = copy[copy.length - 1]! ^ 1
  return copy
}
