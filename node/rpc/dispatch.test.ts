import { describe, expect, it } from 'vitest'
import { Dispatcher, MAX_BATCH, MAX_BATCH_ANSWER_BYTES } from './dispatch.ts'
import { fixture } from './fixture.ts'
import { defineMethod, optional, type RpcMethod, required, Type } from './method.ts'

const example = { params: [], result: null }
const define = (name: string, handler: RpcMethod['call'], more: { devOnly?: boolean; aliases?: string[] } = {}) =>
  defineMethod({
    name,
    summary: 'For tests.',
    params: [optional('value', Type.Any())],
    result: Type.Any(),
    example,
    handler: (context, value) => handler(context, value),
    ...more,
  })

let notified = 0
let hugeCalls = 0
const logged: string[] = []
const methods = [
  define('test_echo', (_context, value) => value, { aliases: ['test_same'] }),
  define('test_late', (_context, value) => new Promise((resolve) => setTimeout(() => resolve(value), Number(value)))),
  define('test_big', () => 2n ** 70n),
  define('test_count', () => ++notified),
  define('test_crash', () => {
    throw new TypeError('secret')
  }),
  define('test_reject', () => Promise.reject(new TypeError('secret'))),
  define('test_dev', () => 'dev', { devOnly: true }),
  define('test_huge', () => {
    hugeCalls++
    return 'x'.repeat(1 << 20)
  }),
  defineMethod({
    name: 'test_number',
    summary: 'For tests.',
    params: [required('n', Type.Number())],
    result: Type.Number(),
    example,
    handler: (_context, n) => n,
  }),
]
const dispatcher = new Dispatcher(methods, { internalError: (method) => logged.push(method) })
const { context } = fixture()

async function ask(request: unknown, ctx = context): Promise<unknown> {
  const text = await dispatcher.answer(ctx, typeof request === 'string' ? request : JSON.stringify(request))
  return text === undefined ? undefined : JSON.parse(text)
}
const call = (method: string, params?: unknown, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params })
const code = async (request: unknown, ctx = context) => {
  const { error, id } = (await ask(request, ctx)) as { error: { code: number; data: { tag: string } }; id: unknown }
  return [error.code, error.data.tag, id]
}

describe('a single request', () => {
  it('is answered under its id', async () => {
    expect(await ask(call('test_echo', [7], 'a'))).toEqual({ jsonrpc: '2.0', id: 'a', result: 7 })
    expect(await ask(call('test_echo', [7], null))).toEqual({ jsonrpc: '2.0', id: null, result: 7 })
    expect(await ask(call('test_same', { value: 7 }))).toMatchObject({ result: 7 })
    expect(await ask(call('test_echo'))).toEqual({ jsonrpc: '2.0', id: 1, result: null })
    expect(await ask(call('test_big'))).toMatchObject({ result: '1180591620717411303424' })
  })

  it('gets the codes of JSON-RPC and EIP-1474', async () => {
    expect(await code('{"jsonrpc"')).toEqual([-32700, 'PARSE_ERROR', null])
    expect(await code('')).toEqual([-32700, 'PARSE_ERROR', null])
    expect(await code('7')).toEqual([-32600, 'INVALID_REQUEST', null])
    expect(await code({ id: 4, method: 7 })).toEqual([-32600, 'INVALID_REQUEST', 4])
    expect(await code({ id: {}, method: 'test_echo' })).toEqual([-32600, 'INVALID_REQUEST', null])
    expect(await code({ ...call('test_echo'), jsonrpc: '1.0' })).toEqual([-32600, 'INVALID_REQUEST', 1])
    expect(await code(call('test_ehco'))).toEqual([-32601, 'METHOD_NOT_FOUND', 1])
    expect(await code(call('test_number', ['x']))).toEqual([-32602, 'INVALID_PARAMS', 1])
    expect(await code(call('test_dev'), { ...context, dev: undefined })).toEqual([-32004, 'DEVNET_ONLY', 1])
    expect(await ask(call('test_dev'))).toMatchObject({ result: 'dev' })
  })

  it('suggests what was meant', async () => {
    expect(await ask(call('test_ehco'))).toMatchObject({ error: { message: expect.stringContaining('test_echo?') } })
    expect(await ask(call('constructor'))).toMatchObject({ error: { code: -32601 } })
  })

  it('keeps what nobody foresaw between the node and its log', async () => {
    for (const method of ['test_crash', 'test_reject']) {
      expect(await code(call(method))).toEqual([-32603, 'INTERNAL', 1])
      expect(JSON.stringify(await ask(call(method)))).not.toContain('secret')
    }
    expect(new Set(logged)).toEqual(new Set(['test_crash', 'test_reject']))
  })

  it('without an id is done and not answered', async () => {
    expect(await ask({ jsonrpc: '2.0', method: 'test_count' })).toBeUndefined()
    expect(await ask({ jsonrpc: '2.0', method: 'test_crash' })).toBeUndefined()
    expect(await ask({ jsonrpc: '2.0', method: 'test_unknown' })).toBeUndefined()
    expect(notified).toBe(1)
  })
})

describe('a batch', () => {
  it('runs concurrently and is answered in order', async () => {
    const answers = await ask([
      call('test_late', [60], 1),
      call('test_echo', ['b'], 2),
      { jsonrpc: '2.0', method: 'test_count' },
      7,
      call('test_late', [1], 4),
    ])
    expect(answers).toMatchObject([{ id: 1, result: 60 }, { id: 2, result: 'b' }, { id: null }, { id: 4, result: 1 }])
    expect(answers).toHaveLength(4)
  })

  it('of notifications is not answered', async () => {
    expect(await ask([{ method: 'test_count' }, { method: 'test_late', params: [1] }])).toBeUndefined()
  })

  it('is bounded in number and in bytes', async () => {
    expect(await code([])).toEqual([-32600, 'INVALID_REQUEST', null])
    expect(await ask(Array(MAX_BATCH).fill(call('test_echo')))).toHaveLength(MAX_BATCH)
    expect(await code(Array(MAX_BATCH + 1).fill(call('test_echo')))).toEqual([-32005, 'BATCH_TOO_LARGE', null])
    const answers = (await ask(Array(40).fill(call('test_huge')))) as { error?: { data: { tag: string } } }[]
    expect(answers[0]).not.toHaveProperty('error')
    expect(answers[39]?.error?.data.tag).toBe('ANSWER_TOO_LARGE')
    // What would not fit any more is not even computed.
    expect(hugeCalls).toBe(MAX_BATCH_ANSWER_BYTES >> 20)
    expect(answers.filter(({ error }) => error === undefined).length).toBeLessThan(MAX_BATCH_ANSWER_BYTES >> 20)
  })
})
