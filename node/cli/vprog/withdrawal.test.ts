import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, it } from 'vitest'
import { EMPTY_BYTES, toHex } from '../../../core/bytes.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import type { Exit } from '../../../vm/settlement/exits.ts'
import { covenantBench, SENDER } from '../../../vm/settlement/testing/bench.ts'
import { exitOf } from './arguments.ts'
import { gramOf } from './dry-run.ts'
import { exitKeyOf, withdrawal } from './withdrawal.ts'

const privateKey = new Uint8Array(32).fill(5)
const signer = { address: SENDER, privateKey }
const own = exitKeyOf(privateKey)

function paid({ script, amount }: Exit) {
  const bench = covenantBench()
  const spk = { version: 0, script }
  const outputs = [{ value: amount, spk }]
  const body: CovenantBody = { laneId: undefined, payload: EMPTY_BYTES, lockTime: 0n, inputs: [], outputs }
  const made = bench.run(body)
  return { bench, held: { outpoint: made.at(0), grains: amount, spk, height: 100 } }
}

describe('a withdrawal', () => {
  it.each([
    ['Schnorr', 'own:2'],
    ['ECDSA', `${toHex(secp256k1.getPublicKey(privateKey, true))}:2`],
  ])('takes what was paid to a %s key into the account, for the gram that its dry run tells', (_, exit) => {
    const { bench, held } = paid(exitOf(exit, own))
    const before = bench.balance()
    const body = withdrawal([held], signer, bench.nonce())
    const gram = gramOf({ body, sender: SENDER, nonce: bench.nonce(), spent: [held], height: 101 })
    expect(bench.run(body)).toMatchObject({ code: 'ok', gramUsed: gram })
    expect(bench.balance() - before).toBe(2n * 10n ** 18n)
  })

  it('is signed for one nonce', () => {
    const { bench, held } = paid(exitOf('own:2', own))
    const body = withdrawal([held], signer, bench.nonce() + 1)
    const run = { body, sender: SENDER, nonce: bench.nonce(), spent: [held], height: 101 }
    expect(() => gramOf(run)).toThrow(expect.objectContaining({ code: 'SCRIPT_FAILED' }))
    expect(bench.run(body).code).toBe('SCRIPT_FAILED')
  })

  it('is refused for what pays another', () => {
    const { held, bench } = paid(exitOf(`0x${'11'.repeat(32)}:2`, own))
    expect(() => withdrawal([held], signer, bench.nonce())).toThrow(
      expect.objectContaining({ code: 'OUTPUT_NOT_YOURS', message: expect.stringContaining('key 0x1111') }),
    )
  })
})
