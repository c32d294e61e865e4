import { expect, it } from 'vitest'
import { NEVER } from '../../vm/genesis.ts'
import { circuitFileFor } from './circuit-file.ts'

it.each([
  ['devnet', 0, '', undefined],
  ['devnet', 0, 'table.json', 'table.json'],
  ['testnet', NEVER, '', undefined],
  ['testnet', 5_000, 'table.json', 'table.json'],
  ['testnet', 5_000, '', 'ZK_CIRCUIT_MISSING'],
  ['mainnet', 0, '', 'ZK_CIRCUIT_MISSING'],
] as const)('on %s with vProgs from %i, "%s" gives %s', (network, vprogs, risc0Circuit, expected) => {
  const found = () => circuitFileFor({ network, activations: { vprogs } }, { risc0Circuit })
  if (expected === 'ZK_CIRCUIT_MISSING') expect(found).toThrow(expect.objectContaining({ code: expected }))
  else expect(found()).toBe(expected)
})
