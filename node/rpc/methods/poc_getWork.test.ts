import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { targetOf } from '../../../vm/compute/ticket.ts'
import type { NodeApi } from '../../api.ts'
import { callMethod, fixture, PARAMS, refusalTag } from '../fixture.ts'
import { poc_getWork } from './poc_getWork.ts'

interface Work {
  height: number
  difficulty: string
  targets: Record<string, string>
}

describe('poc_getWork', () => {
  it('names the newest final block, its difficulty and where its window ends', async () => {
    const { context, chain } = fixture()
    const { header, hash } = chain.blockByHeight(10)!.block
    const work = await callMethod<Work>(context, poc_getWork)
    expect(work).toMatchObject({
      height: 10,
      block_hash: toHex(hash),
      epoch: 1,
      difficulty: header.difficulty.toString(),
      matrix_sizes: PARAMS.matrixSizes,
      expires_height: 10 + PARAMS.seedWindowBlocks,
    })
    expect(Object.keys(work.targets).map(Number)).toEqual(PARAMS.matrixSizes)
    expect(BigInt(work.targets['1024']!)).toBe(targetOf(1024, header.difficulty))
  })

  const withHeads = (latest: number, finalized: number) => {
    const { context, chain } = fixture()
    const head = (height: number) => ({ ...chain.latest(), height })
    const node = {
      genesis: chain.genesis,
      latest: () => head(latest),
      finalized: () => head(finalized),
      holdings: () => chain.holdings(),
      blockByHeight: (height: number) => chain.blockByHeight(height),
      blockByHash: () => undefined,
    } as unknown as NodeApi
    return { ...context, node }
  }

  it('names no block that is too new for the next one to take', async () => {
    expect((await callMethod<Work>(withHeads(8, 8), poc_getWork)).height).toBe(7)
    expect((await callMethod<Work>(withHeads(0, 0), poc_getWork)).height).toBe(0)
  })

  it('is refused while the newest final block has left the window', async () => {
    expect((await callMethod<Work>(withHeads(11, 8), poc_getWork)).height).toBe(8)
    expect(await refusalTag(withHeads(12, 8), poc_getWork)).toBe('WORK_UNAVAILABLE')
  })
})
