import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, native, refusalTag, WORKER, winningResult } from '../fixture.ts'
import { poc_getResult } from './poc_getResult.ts'

interface View {
  transaction_hash: string
  result: { task_id: string }
}

describe('poc_getResult', () => {
  it('finds a result by its transaction, with its place and what became of it', async () => {
    const { context, landmarks } = fixture()
    const [, second] = landmarks.results
    expect(await callMethod(context, poc_getResult, [toHex(second!)])).toMatchObject({
      status: 'accepted',
      error: null,
      height: 4,
      index: 1,
      final: true,
      challenge_type: 'synthetic',
      seed_height: 1,
      matrix_size: 256,
    })
    expect(await callMethod(context, poc_getResult, [toHex(landmarks.failedResult)])).toMatchObject({
      status: 'failed',
      error: 'RESULT_HASH_MISMATCH',
      height: 5,
      index: null,
    })
  })

  it('shows one that waits in the mempool', async () => {
    const { context, chain } = fixture()
    const sent = await chain.submit(native(chain, WORKER, winningResult(chain, 9)))
    const view = await callMethod(context, poc_getResult, [sent.ok ? toHex(sent.value) : ''])
    expect(view).toMatchObject({ status: 'pending', height: null, block_hash: null, index: null, final: false })
  })

  it('finds the newest result of a task', async () => {
    const { context, landmarks } = fixture()
    for (const hash of landmarks.results.slice(3)) {
      const view = await callMethod<View>(context, poc_getResult, [toHex(hash)])
      const found = await callMethod<View>(context, poc_getResult, [view.result.task_id])
      expect(found.transaction_hash).toBe(view.transaction_hash)
    }
  })

  it('answers null for what is no result, and refuses what is no name of one', async () => {
    const { context, landmarks } = fixture()
    for (const id of [toHex(landmarks.legacy), `0x${'00'.repeat(32)}`, '00000000-0000-8000-8000-000000000000']) {
      expect(await callMethod(context, poc_getResult, [id])).toBeNull()
    }
    expect(await refusalTag(context, poc_getResult, ['0x12'])).toBe('INVALID_PARAMS')
  })
})
