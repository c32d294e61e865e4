import { describe, expect, it } from 'vitest'
import { assert, fail, ok, QuernError } from './errors.ts'

describe('errors', () => {
  it('carries code, metadata, message and cause', () => {
    const cause = new Error('below')
    const error = new QuernError('SOME_CODE', 'do this', { height: 7 }, { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'QuernError',
      code: 'SOME_CODE',
      message: 'do this',
      meta: { height: 7 },
      cause,
    })
    expect(new QuernError('X', 'y').meta).toEqual({})
  })

  it('builds results', () => {
    expect(ok(1)).toEqual({ ok: true, value: 1 })
    expect(fail('NO', 'why')).toStrictEqual({ ok: false, error: { code: 'NO', message: 'why' } })
    expect(fail('NO', 'why', { n: 1 })).toStrictEqual({
      ok: false,
      error: { code: 'NO', message: 'why', meta: { n: 1 } },
    })
  })

  it('assert throws a typed error only when false', () => {
    assert(true, 'fine')
    expect(() => assert(false, 'broken', { at: 1 })).toThrow(
      expect.objectContaining({ code: 'ASSERTION_FAILED', message: 'broken', meta: { at: 1 } }),
    )
  })
})
