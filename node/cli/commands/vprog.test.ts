/** `quern vprog` at the command line, against a chain that makes a block of every transaction. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, hexKey, toHex, ZERO_HASH } from '../../../core/bytes.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import { depositHash } from '../../../vm/settlement/delegate.ts'
import { journalDigest } from '../../../vm/settlement/journal.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { signDevelopment } from '../../../vm/zk/development.ts'
import type { NodeApi } from '../../api.ts'
import { ACCOUNTS, overriding } from '../../rpc/fixture.ts'
import { type RpcServer, startRpcServer } from '../../rpc/server.ts'
import { holder, PROOF_SECRET, VprogFixture } from '../../rpc/vprog/fixture.ts'
import { runQuern } from '../program-fixture.ts'
import { rpcClient } from '../rpc-client.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-vprog-'))
const DEV_KEY = ['--dev-key', hexKey(PROOF_SECRET)]

let own: VprogFixture
let server: RpcServer

beforeAll(async () => {
  own = new VprogFixture({ laneWindowBlocks: 64 })
  const { chain } = own
  const submit: NodeApi['submit'] = async (raw) => {
    const answer = await chain.submit(raw)
    if (answer.ok) chain.mine()
    return answer
  }
  server = await startRpcServer({ node: overriding(chain, { submit }), clientVersion: 'quern/test', port: 0 })
})
afterAll(async () => {
  await server.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

async function quern(argv: readonly string[], account = 0): Promise<{ code: number; out: string; errors: string }> {
  const env = { QUERN_RPC: server.url, QUERN_PRIVATE_KEY: toHex(ACCOUNTS[account]!.privateKey) }
  const { code, out, errors } = await runQuern(['vprog', ...argv], env)
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

async function json<T = Record<string, string>>(...argv: string[]): Promise<T> {
  const { code, out, errors } = await quern([...argv, '--json'])
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  return JSON.parse(out) as T
}

async function failure(...argv: string[]): Promise<string> {
  const { code, errors } = await quern([...argv, '--json'])
  const { error } = JSON.parse(errors) as { error: { code: string } }
  return `${code} ${error.code}`
}

const balance = (account: number): bigint =>
  readRecord(own.chain.stateAt(own.chain.latest().height)!, accounts, ACCOUNTS[account]!.address)!.balance

describe('quern vprog', () => {
  it('takes a program through its life', async () => {
    const { covenantId: id, ...deployed } = await json('deploy', '--value', '2', '--state', `0x${'07'.repeat(32)}`)
    expect(deployed).toMatchObject({ status: 'success', grains: '200000000' })
    expect(await json('deposit', id!, '--amount', '5')).toMatchObject({ grains: '500000000', laneId: deployed.laneId })
    const first = await json('settle', id!, '--state', `0x${'08'.repeat(32)}`, ...DEV_KEY)
    expect(first).toMatchObject({ state: `0x${'08'.repeat(32)}`, transactions: 1, exits: 0, bundle: null })
    await json('deposit', id!, '--amount', '1', '--payload', '0xbeef')

    const { key } = await json('key', '--private-key', toHex(ACCOUNTS[1]!.privateKey))
    const exits = ['--exit', `${key}:2.5`, '--exit', 'own:4']
    const second = await quern(['settle', id!, ...exits, ...DEV_KEY])
    expect(second.errors).toMatch(/^warning: exits of 6\.5 CPC wait, and deposits hold 6 CPC/)
    expect(second.out).toMatch(/^exits +2, in 0x[0-9a-f]{64}:1$/m)

    const screen = await quern(['inspect', id!])
    expect(screen.out).toMatch(/^holds +2 CPC$/m)
    expect(screen.out).toMatch(/^settlements +2, up to block \d+$/m)
    expect(screen.out).toMatch(/^ +0 +2\.5 CPC +key 0x[0-9a-f]{64}$/m)
    expect(screen.out).not.toContain('WARNING')

    expect(await json('claim', id!, '--exit', '1', '--amount', '1')).toMatchObject({ exit: 1, left: '300000000' })
    expect(await json('claim', id!)).toMatchObject({ exit: 0, grains: '250000000', left: '0' })
    // Two and a half CPC are left, for three.
    const last = await json('claim', id!)
    expect(last).toMatchObject({ exit: 1, grains: '250000000', left: '50000000' })
    expect(await failure('claim', id!)).toBe('1 CLAIM_FUNDS')

    const before = balance(0)
    expect(await json('withdraw', last.outpoint!)).toMatchObject({ status: 'success', grains: '250000000' })
    expect(balance(0) - before).toBeGreaterThan((249n * WEI_PER_CPC) / 100n)
    const spent = await quern(['inspect', last.outpoint!])
    expect(spent.out).toMatch(/^spent +block \d+, by 0x[0-9a-f]{64}$/m)
    const { out } = await quern(['inspect', last.hash!])
    expect(out).toMatch(/^what +claims 2\.5 CPC for key 0x[0-9a-f]{64}$/m)
    expect((await quern(['inspect'])).out).toContain(id)
  })

  it('pays a claim out to its holder alone', async () => {
    const { covenantId: id } = await json('deploy')
    await json('deposit', id!, '--amount', '5')
    const { key } = await json('key', '--private-key', toHex(ACCOUNTS[1]!.privateKey))
    await json('settle', id!, '--exit', `${key}:2`, ...DEV_KEY)
    const { hash } = await json('claim', id!)
    expect(await failure('withdraw', hash!)).toBe('1 OUTPUT_NOT_YOURS')
    const before = balance(1)
    expect((await quern(['withdraw', hash!], 1)).code).toBe(0)
    expect(balance(1) - before).toBeGreaterThan((199n * WEI_PER_CPC) / 100n)
  })

  it('settles with what a prover made, and with nothing that it did not prove', async () => {
    const { covenantId, laneKey } = await json('deploy', '--lane', '0x51554552')
    const id = fromHex(covenantId!)
    await json('deposit', covenantId!, '--amount', '5', '--lane', '0x51554552')
    const { hash, seqCommit } = own.chain.latest()
    const { tip: newLaneTip } = await rpcClient(server.url).call<{ tip: string }>('vprog_getLane', [laneKey])
    const journal = {
      ...{ prevState: ZERO_HASH, prevLaneTip: ZERO_HASH, newState: id, newLaneTip: fromHex(newLaneTip) },
      ...{ newSeqCommit: seqCommit, covenantId: id, txImageId: ZERO_HASH, batchImageId: ZERO_HASH },
      ...{ permissionHash: ZERO_HASH, depositHash: depositHash(id), laneKey: fromHex(laneKey!) },
    }
    const proof = [toHex(signDevelopment(ZERO_HASH, journalDigest(journal), PROOF_SECRET))]
    const made = { block: toHex(hash), newState: covenantId, newLaneTip, proof }
    const file = (over: object): string => {
      const name = path.join(folder, 'proof.json')
      fs.writeFileSync(name, JSON.stringify({ ...made, ...over }))
      return name
    }
    expect(await failure('settle', covenantId!, '--proof', file({ newLaneTip: covenantId }))).toBe('1 PROOF_LANE_TIP')
    expect(await failure('settle', covenantId!, '--proof', file({ proof: 'x' }))).toBe('1 PROOF_FILE_INVALID')
    // The dry run believes proofs, and the chain does not.
    expect(await failure('settle', covenantId!, '--proof', file({ newState: laneKey }))).toBe('1 SCRIPT_FAILED')
    const settled = await json('settle', covenantId!, '--proof', file({}))
    expect(settled).toMatchObject({ state: covenantId, transactions: 1 })
  })

  it('deploys for each proof system, and settles none but the development variant without a proof', async () => {
    const ids = ['image', 'batch-image', 'tx-image'].flatMap((name, i) => [
      `--${name}-id`,
      `0x${`0${i + 1}`.repeat(32)}`,
    ])
    const key = path.join(folder, 'key.hex')
    fs.writeFileSync(key, `${'05'.repeat(424)}\n`)
    const constants = ['--control-root', `0x${'06'.repeat(32)}`, '--control-id', `0x${'07'.repeat(32)}`]
    for (const flags of [
      ['--system', 'succinct'],
      ['--system', 'groth16', '--key', key, ...constants],
    ]) {
      const { covenantId: id } = await json('deploy', ...flags, ...ids)
      expect((await quern(['inspect', id!])).out).toMatch(new RegExp(`^program +${flags[1]}, image 0x(01){32}$`, 'm'))
      expect(await failure('settle', id!)).toBe('1 PROOF_MISSING')
    }
    fs.writeFileSync(key, '05')
    expect(await failure('deploy', '--system', 'groth16', '--key', key, ...constants, ...ids)).toBe(
      '1 PROGRAM_FIELD_LENGTH',
    )
  })

  it('does not wait where it is told so', async () => {
    const sent = await json('deploy', '--no-wait')
    expect(sent.status).toBeUndefined()
    expect(sent.covenantId).toMatch(/^0x[0-9a-f]{64}$/)
  })

  it('says what is wrong before anything is sent', async () => {
    const unknown = `0x${'99'.repeat(32)}`
    const { covenantId: id } = await json('deploy', '--lane', '0x51554553')
    const height = own.chain.latest().height
    const cases: readonly (readonly [string, ...string[]])[] = [
      ['1 COVENANT_UNKNOWN', 'deposit', unknown, '--amount', '1'],
      ['1 COVENANT_UNKNOWN', 'settle', unknown],
      ['1 TX_UNKNOWN', 'inspect', unknown],
      ['1 OUTPUT_UNKNOWN', 'inspect', `${unknown}:0`],
      ['1 LANE_UNKNOWN', 'deposit', id!, '--amount', '1'],
      ['1 LANE_MISMATCH', 'deposit', id!, '--amount', '1', '--lane', '0x51554559'],
      ['2 ARGUMENT_INVALID', 'deposit', id!, '--amount', '0'],
      ['2 ARGUMENT_INVALID', 'deploy', '--system', 'groth16'],
      ['2 ARGUMENT_INVALID', 'deploy', '--system', 'succinct'],
      [
        '1 FILE_MISSING',
        'deploy',
        '--system',
        'groth16',
        ...['image', 'batch-image', 'tx-image'].flatMap((name) => [`--${name}-id`, unknown]),
        '--key',
        'none',
      ],
      ['2 ARGUMENT_INVALID', 'deploy', '--lane', '0x01000000'],
      ['2 ARGUMENT_INVALID', 'settle', id!, '--exit', '0x00:1'],
      ['1 SETTLED_ALREADY', 'settle', id!, '--lane', '0x51554553', ...DEV_KEY],
      ['1 BUNDLE_UNKNOWN', 'claim', id!],
    ]
    for (const [code, ...argv] of cases) expect([argv, await failure(...argv)]).toEqual([argv, code])
    expect((await quern(['settle', id!, '--proof', 'x', '--state', unknown])).code).toBe(2)
    expect(own.chain.latest().height).toBe(height)
  })

  it('warns of a covenant that is not standard, and pays nothing into it', async () => {
    const anyone = { version: 0, script: holder('anyone') }
    for (const [outputs, words] of [
      [[anyone], 'may not be a standard one'],
      [[anyone, anyone], 'WARNING'],
    ] as const) {
      const { id, body } = own.genesisOf(outputs, new Uint8Array(0), 2)
      own.mine(own.sign(body, 2))
      expect((await quern(['inspect', toHex(id)])).out).toContain(words)
      expect(await failure('deposit', toHex(id), '--amount', '1')).toBe('1 COVENANT_NOT_STANDARD')
    }
  })

  it('refuses a settlement where more happened in the lane than its covenant knows', async () => {
    // The fixture's settlements end at tips of their own.
    const covenant = own.deploy(3)
    own.deposit(covenant, 100n, 3)
    const { covenant: next } = own.settle(covenant)
    own.deposit(next, 100n, 3)
    expect(await failure('settle', toHex(covenant.covenantId), ...DEV_KEY)).toBe('1 LANE_TIP_OTHER')
  })
})
