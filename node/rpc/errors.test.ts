import { describe, expect, it } from 'vitest'
import { assert, QuernError } from '../../core/errors.ts'
import { RPC_CODE, RpcError, toRpcError, transactionRejected } from './errors.ts'

describe('toRpcError', () => {
  it('keeps codes and metadata of foreseen errors', () => {
    const error = toRpcError(new QuernError('PROOF_KEYS_INVALID', 'ask for sorted keys', { max: 2n ** 60n }))
    expect(error.toJson()).toEqual({
      code: RPC_CODE.invalidInput,
      message: 'ask for sorted keys',
      data: { tag: 'PROOF_KEYS_INVALID', max: '1152921504606846976' },
    })
    const own = new RpcError(-32001, 'BLOCK_UNKNOWN', 'no such block')
    expect(toRpcError(own)).toBe(own)
  })

  it('tells nothing of the others', () => {
    const broken = () => assert(false, 'the secret of the house')
    for (const error of [new TypeError('secret'), 'secret', undefined, catching(broken)]) {
      expect(toRpcError(error).toJson()).toMatchObject({ code: RPC_CODE.internal, data: { tag: 'INTERNAL' } })
      expect(toRpcError(error).message).not.toContain('secret')
    }
  })
})

function catching(task: () => void): unknown {
  try {
    task()
  } catch (error) {
    return error
  }
  return undefined
}

describe('transactionRejected', () => {
  it("puts geth's words before ours, where clients look for them", () => {
    const known = transactionRejected({ code: 'TX_FEE_BELOW_BASE', message: 'raise it', meta: { baseFee: 7n } })
    expect(known.message).toBe('max fee per gas less than block base fee: raise it')
    expect(known.toJson().data).toEqual({ tag: 'TX_FEE_BELOW_BASE', baseFee: '7' })
    expect(transactionRejected({ code: 'RESULT_SEED_STALE', message: 'too old' }).message).toBe('too old')
  })
})
