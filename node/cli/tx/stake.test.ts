import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { bls } from '../../../core/bls.ts'
import { utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { privateKeyToAddress } from '../../../core/secp256k1.ts'
import { proofOfPossessionBytes } from '../../../vm/statement.ts'
import { writeValidatorKey } from '../../validator-key/key-file.ts'
import { ACTION_COMMANDS, type ActionContext } from './actions.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-stake-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const privateKey = sha256(utf8('owner'))
const owner = privateKeyToAddress(privateKey)
const blsSecretKey = new Uint8Array(32).fill(5)
const chainId = 26_180
const context = { signer: { privateKey, address: owner }, chainId } as unknown as ActionContext
const stake = async (options: Readonly<Record<string, unknown>>) =>
  ACTION_COMMANDS.find(({ usage }) => usage.startsWith('stake'))!.build(['5'], options, context)

it('quern tx stake registers the key of a validator’s home, for its owner only', async () => {
  const [own, other] = [path.join(folder, 'own.json'), path.join(folder, 'other.json')]
  await writeValidatorKey(own, { owner, blsSecretKey })
  await writeValidatorKey(other, { owner: new Uint8Array(20), blsSecretKey })
  const action = await stake({ validatorKey: own })
  const blsPublicKey = bls.publicKey(blsSecretKey)
  expect(action).toMatchObject({ kind: 'STAKE', amount: 5n * 10n ** 18n, registration: { blsPublicKey } })
  const { proofOfPossession } = (action as { registration: { proofOfPossession: Uint8Array } }).registration
  expect(bls.verify(blsPublicKey, proofOfPossessionBytes(chainId, owner, blsPublicKey), proofOfPossession)).toBe(true)
  await expect(stake({ validatorKey: other })).rejects.toThrow(
    expect.objectContaining({ code: 'VALIDATOR_KEY_OWNER', message: expect.stringContaining(formatAddress(owner)) }),
  )
  await expect(stake({ validatorKey: path.join(folder, 'none.json') })).rejects.toThrow(
    expect.objectContaining({ code: 'VALIDATOR_KEY_MISSING' }),
  )
  expect(await stake({})).toEqual({ kind: 'STAKE', amount: 5n * 10n ** 18n })
})
