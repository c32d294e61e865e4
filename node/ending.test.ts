import { describe, expect, it } from 'vitest'
import { QuernError } from '../core/errors.ts'
import { Ending } from './ending.ts'

const failed = async (error: unknown): Promise<unknown> => {
  const ending = new Ending()
  ending.fail(error)
  expect(ending.hasFailed).toBe(true)
  return ending.reached.catch((reason: unknown) => reason)
}

describe('the end of a node', () => {
  it('is reached in order at the halt height, also when a later block asks to go on', async () => {
    const ending = new Ending()
    ending.halt()
    ending.fail(new QuernError('HALT_HEIGHT', 'no further'))
    await expect(ending.reached).resolves.toBeUndefined()
    expect(ending.hasFailed).toBe(false)
  })

  it('carries the reason of a failure, with advice where the disk failed', async () => {
    const conflict = new QuernError('FINAL_CONFLICT', 'two chains')
    expect(await failed(conflict)).toBe(conflict)
    const bug = new TypeError('a bug')
    expect(await failed(bug)).toBe(bug)
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    expect(await failed(full)).toMatchObject({ code: 'DISK_FAILED', message: expect.stringContaining('ENOSPC') })
    const level = Object.assign(new Error('Database failed', { cause: new Error('IO error: write') }), {
      code: 'LEVEL_IO_ERROR',
    })
    expect(await failed(level)).toMatchObject({ code: 'DISK_FAILED', message: expect.stringContaining('IO error') })
  })
})
