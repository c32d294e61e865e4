import { describe, expect, it } from 'vitest'
import { genesisBlock } from '../../../consensus/genesis.ts'
import { bls } from '../../../core/bls.ts'
import { toHex } from '../../../core/bytes.ts'
import { parseGenesis } from '../../../vm/genesis.ts'
import { callMethod, fixture } from '../fixture.ts'
import { chain_getGenesis } from './chain_getGenesis.ts'

describe('chain_getGenesis', () => {
  it('gives a file that makes the same chain', async () => {
    const { context } = fixture()
    const { hash, genesis } = await callMethod<{ hash: string; genesis: unknown }>(context, chain_getGenesis)
    expect(toHex(genesisBlock(parseGenesis(genesis, bls)).block.hash)).toBe(hash)
  })
})
