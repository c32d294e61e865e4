/** `quern script debug` at the command line. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { concatBytes, hexKey, toHex } from '../../../core/bytes.ts'
import { scriptOf } from '../../../vm/script/assembly.ts'
import { OP } from '../../../vm/script/opcodes.ts'
import { payToScript } from '../../../vm/script/standard.ts'
import { developmentKeyOf, signDevelopment } from '../../../vm/zk/development.ts'
import { runQuern } from '../program-fixture.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-script-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const quern = (...argv: string[]) => runQuern(['script', 'debug', ...argv])

const redeem = scriptOf(OP.OpTxInputIndex, OP.OpTxOutputAmount, 700n, OP.OpEqual)
const P2SH = payToScript(redeem)

/** The second input pays to the script's hash and asks for what the second output holds. */
function spend(amount: number): string {
  const input = { sequence: '18446744073709551615', sigOpCount: 0, computeBudget: 0 }
  const outpoint = (index: number) => ({ transactionId: '07'.repeat(32), index })
  const anyone = { amount: 1, scriptPublicKey: '000051' }
  const file = {
    transaction: {
      version: 1,
      inputs: [
        { ...input, previousOutpoint: outpoint(0), signatureScript: '' },
        { ...input, previousOutpoint: outpoint(1), signatureScript: hexKey(scriptOf(redeem)) },
      ],
      outputs: [1, amount].map((value) => ({ value, scriptPublicKey: '000051' })),
      lockTime: 0,
      subnetworkId: '00'.repeat(20),
      gas: 0,
      payload: '',
    },
    utxos: [anyone, { amount: 900, scriptPublicKey: hexKey(concatBytes(new Uint8Array(2), P2SH.script)) }],
    inputIndex: 1,
  }
  const name = path.join(folder, `spend-${amount}.json`)
  fs.writeFileSync(name, JSON.stringify(file))
  return name
}

describe('quern script debug', () => {
  it('shows each step with the stack before it, topmost first, and the verdict', async () => {
    const { code, out } = await quern('--sig', '2 3', '--script', 'OpAdd 5 OpEqual # sums')
    expect(code).toBe(0)
    expect(out.map((line) => line.split(/ {2,}/))).toEqual([
      ['signature', '0', 'Op2', '0'],
      ['signature', '1', 'Op3', '0', '0x02'],
      ['public key', '0', 'OpAdd', '0', '0x03 0x02'],
      ['public key', '1', 'Op5', '1', '0x05'],
      ['public key', '2', 'OpEqual', '1', '0x05 0x05'],
      ['unlocked, with 2 script units'],
    ])
  })

  it('stops at the opcode that fails, and exits with 1', async () => {
    const { code, out, errors } = await quern('--sig', '0x51', '--script', '0x528769')
    expect(code).toBe(1)
    expect(out).toHaveLength(5)
    expect(out[4]).toMatch(/^public key script, byte 2: VERIFY/)
    expect(errors[0]).toContain('error: SCRIPT_FALSE: the output stays locked')
    const out1 = await quern('--script', 'OpNop 7 OpReturn 8', '--json')
    expect(out1.out.map((line) => JSON.parse(line))).toEqual([
      { script: 'public key', offset: 0, opcode: 'OpNop', data: '0x', unitsUsed: 0, stack: [], altStack: [] },
      { script: 'public key', offset: 1, opcode: 'Op7', data: '0x', unitsUsed: 0, stack: [], altStack: [] },
      { script: 'public key', offset: 2, opcode: 'OpReturn', data: '0x', unitsUsed: 0, stack: ['0x07'], altStack: [] },
      {
        ok: false,
        error: { code: 'EARLY_RETURN', message: expect.any(String), at: { script: 'public key', offset: 2 } },
        unitsUsed: 0,
      },
    ])
  })

  it('long pushes and deep stacks are shortened', async () => {
    const sig = `'${'a'.repeat(40)}' 1 2 3 4 5 6`
    const { out } = await quern('--sig', sig, '--script', 'Op2Drop Op2Drop Op2Drop OpSize')
    expect(out[0]).toContain('OpData40 0x61616161616161616161616161616161..(40)')
    expect(out[7]).toMatch(/0x06 0x05 0x04 0x03 0x02 0x01 and 1 more$/)
  })

  it('runs an input of a transaction in a file, through its redeem script', async () => {
    const { code, out } = await quern('--file', spend(700))
    expect(code).toBe(0)
    expect(out.filter((line) => line.startsWith('redeem'))).toHaveLength(4)
    const locked = await quern('--file', spend(701))
    expect([locked.code, locked.out.at(-1)]).toEqual([1, expect.stringContaining('at the end: EVAL_FALSE')])
    const other = await quern('--file', spend(700), '--input', '0')
    expect(other.out.at(-1)).toBe('unlocked, with 0 script units')
    expect((await quern('--file', spend(700), '--input', '2')).out.at(-1)).toContain('INVALID_INPUT_INDEX')
  })

  it('finds the commitments of the file', async () => {
    const [block, commitment] = ['11'.repeat(32), '22'.repeat(32)]
    const name = path.join(folder, 'chain.json')
    const script = `0020${block}d420${commitment}87`
    const json = JSON.parse(fs.readFileSync(spend(700), 'utf8'))
    const write = (seqCommits: object) => {
      const utxos = [{ amount: 1, scriptPublicKey: `00${script}` }, json.utxos[1]]
      fs.writeFileSync(name, JSON.stringify({ ...json, utxos, inputIndex: 0, seqCommits }))
    }
    write({ [block]: commitment })
    expect((await quern('--file', name)).code).toBe(0)
    write({})
    expect((await quern('--file', name)).out.at(-1)).toContain('public key script, byte 33: BLOCK_UNKNOWN')
    write({ [`0x${block}`]: commitment })
    expect((await quern('--file', name)).errors[0]).toContain('VECTOR_MALFORMED: file.seqCommits.0x11')
  })

  it('verifies proofs by the key and the circuit that are named', async () => {
    const secret = new Uint8Array(32).fill(5)
    const [image, journal] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const sig = toHex(scriptOf(signDevelopment(image, journal, secret), journal, image))
    const run = ['--sig', sig, '--script', '0x01df OpZkPrecompile']
    expect((await quern(...run, '--development-key', hexKey(developmentKeyOf(secret)))).code).toBe(0)
    expect((await quern(...run)).out.at(-1)).toContain('ZK_TAG_FORBIDDEN')
    expect((await quern(...run, '--development-key', 'abc')).code).toBe(2)
    expect((await quern(...run, '--circuit', path.join(folder, 'none'))).errors[0]).toContain('ZK_CIRCUIT_UNREADABLE')
  })

  it('holds the run to the units it is given', async () => {
    expect((await quern('--sig', '1', '--script', 'OpDup OpDrop', '--units', '1')).code).toBe(0)
    const { out } = await quern('--sig', '1', '--script', 'OpDup OpDrop', '--units', '0')
    expect(out.at(-1)).toContain('public key script, byte 0: SCRIPT_UNITS_EXCEEDED')
  })

  it('a file or a text that is none is a typed error; wrong use exits with 2', async () => {
    const file = path.join(folder, 'bad.json')
    fs.writeFileSync(file, '{"transaction": {}}')
    expect((await quern('--file', file)).errors[0]).toContain(
      'error: VECTOR_MALFORMED: file.transaction.version: must be',
    )
    expect((await quern('--script', 'OpDance')).errors[0]).toContain('error: SCRIPT_TOKEN')
    for (const wrong of [
      [],
      ['--script', '1', '--file', file],
      ['--script', '1', '--input', '0'],
      ['--file', file, '--sig', '1'],
    ]) {
      expect((await quern(...wrong)).code).toBe(2)
    }
  })
})
