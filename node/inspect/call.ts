/** Asking a node, over JSON-RPC or in this process, and going on where it no longer holds the answer. */
import { QuernError } from '../../core/errors.ts'

/** `T` is what the method's page in the OpenRPC document promises. @throws QuernError with the node's tag */
export type Call = <T>(method: string, params?: readonly unknown[]) => Promise<T>

/** What a node says when it is asked for more than it keeps. */
const NOT_KEPT: ReadonlySet<string> = new Set(['BLOCK_PRUNED', 'EPOCH_UNKNOWN', 'LIGHT_NODE', 'BLOCK_UNKNOWN'])

/** Null where the node does not keep it. */
export async function ifKept<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof QuernError && NOT_KEPT.has(error.code)) return null
    throw error
  }
}
