import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { RpcError } from '../errors.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag, transfer } from '../fixture.ts'
import { eth_sendRawTransaction } from './eth_sendRawTransaction.ts'

const [alice, bob] = ACCOUNTS

describe('eth_sendRawTransaction', () => {
  it('answers the hash of what it admits', async () => {
    const { context, chain } = fixture()
    const raw = transfer(chain, alice!, bob!.address, 1n)
    const hash = await callMethod(context, eth_sendRawTransaction, [toHex(raw)])
    expect(hash).toBe(toHex(chain.decode(raw).hash))
    expect(chain.mine().transactions).toHaveLength(1)
  })

  it("refuses in geth's words, with a tag", async () => {
    const { context, chain } = fixture()
    const refused = async (raw: Uint8Array) => {
      const error = await callMethod(context, eth_sendRawTransaction, [toHex(raw)]).catch((e: unknown) => e)
      if (!(error instanceof RpcError)) throw error
      return [error.code, error.tag, error.message.split(':')[0]]
    }
    const old = transfer(chain, alice!, bob!.address, 1n, { nonce: 0 })
    expect(await refused(old)).toEqual([-32003, 'TX_NONCE_TOO_LOW', 'nonce too low'])
    const rich = transfer(chain, alice!, bob!.address, 10n ** 30n)
    expect((await refused(rich))[2]).toMatch(/^insufficient funds/)
    const raw = transfer(chain, alice!, bob!.address, 1n)
    await callMethod(context, eth_sendRawTransaction, [toHex(raw)])
    expect((await refused(raw)).slice(1)).toEqual(['TX_ALREADY_KNOWN', 'already known'])
  })

  it('refuses what is no transaction', async () => {
    const { context } = fixture()
    expect(await refusalTag(context, eth_sendRawTransaction, ['0x123'])).toBe('INVALID_PARAMS')
    expect(await refusalTag(context, eth_sendRawTransaction, ['12'])).toBe('INVALID_PARAMS')
    expect(await refusalTag(context, eth_sendRawTransaction, ['0x'])).toBe('TX_MALFORMED')
    expect(await refusalTag(context, eth_sendRawTransaction, ['0x02c0'])).toBe('TX_MALFORMED')
    expect(await refusalTag(context, eth_sendRawTransaction, [])).toBe('INVALID_PARAMS')
  })
})
