import { describe, expect, it } from 'vitest'
import { fixture } from './fixture.ts'
import { defineMethod, optional, required, Type } from './method.ts'

const method = defineMethod({
  name: 'test_add',
  summary: 'Adds.',
  params: [required('a', Type.Integer({ description: 'an integer' })), optional('b', Type.Integer())],
  result: Type.Integer(),
  example: { params: [1, 2], result: 3 },
  handler: (_context, a, b = 10) => a + b,
})
const { context } = fixture()
const call = (params: unknown) => method.call(context, params)

describe('defineMethod', () => {
  it('takes parameters by position, by name, and as one object in a list', () => {
    expect(call([1, 2])).toBe(3)
    expect(call({ a: 1, b: 2 })).toBe(3)
    expect(call([{ a: 1 }])).toBe(11)
    expect(call([1])).toBe(11)
    expect(call([1, null])).toBe(11)
    expect(call({ b: null, a: 1 })).toBe(11)
  })

  it('names what is wrong', () => {
    expect(() => call(['x'])).toThrow('parameter "a": expected an integer')
    expect(() => call([1, 'x'])).toThrow('parameter "b": Expected integer')
    expect(() => call([])).toThrow('missing parameter "a" (position 0)')
    expect(() => call(undefined)).toThrow('missing parameter "a"')
    expect(() => call([1, 2, 3])).toThrow('too many parameters')
    expect(() => call({ a: 1, c: 2 })).toThrow('unknown parameter "c"')
    expect(() => call('a')).toThrow('params must be an array or an object')
    expect(() => call(JSON.parse('{"__proto__": {"a": 1}}'))).toThrow('unknown parameter "__proto__"')
  })
})
