import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { web3_sha3 } from './web3_sha3.ts'

it('hashes with keccak256', async () => {
  const { params, result } = web3_sha3.example
  expect(await callMethod(fixture().context, web3_sha3, params)).toBe(result)
  const hello = '0x47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad'
  expect(await callMethod(fixture().context, web3_sha3, ['0x68656c6c6f20776f726c64'])).toBe(hello)
})
