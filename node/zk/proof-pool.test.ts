import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { developmentKeyOf, signDevelopment } from '../../vm/zk/development.ts'
import { operandsHash, ZK_TAG, type ZkOperands } from '../../vm/zk/operands.ts'
import { toyGroth16 } from '../../vm/zk/testing/toy-groth16.ts'
import { cachedVerifier, type ProofCache, type ProofVerifier, proofCache, proofVerifier } from '../../vm/zk/verify.ts'
import { type AheadVerdict, ProofPool, type ProofPoolModules } from './proof-pool.ts'
import { loadProofSystems } from './proof-systems.ts'
import { InlineProofThread, type ProofThread, WorkerProofThread } from './proof-thread.ts'
import { openProofs } from './proofs.ts'

const toy = toyGroth16(1)
const proof = (secret: bigint): ZkOperands => ({ tag: ZK_TAG.groth16, ...toy.prove([secret]) })
const PROOFS = [2n, 3n, 4n, 5n].map(proof)
const FALSE: ZkOperands = { tag: ZK_TAG.groth16, ...toy.prove([6n]), inputs: toy.prove([7n]).inputs }

const codeOf = (verdict: AheadVerdict): string => (verdict.ok ? 'ok' : verdict.error.code)

let verifier: ProofVerifier
beforeAll(async () => {
  verifier = proofVerifier(await loadProofSystems())
})

const pools: ProofPool[] = []
function open(modules: Partial<ProofPoolModules> = {}): { readonly pool: ProofPool; readonly cache: ProofCache } {
  const cache = proofCache()
  const pool = new ProofPool({ cache, verifier, ...modules })
  pools.push(pool)
  return { pool, cache }
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

/** Answers only when told to. */
class HeldThread implements ProofThread {
  readonly batches: (readonly ZkOperands[])[] = []
  #release: (() => void)[] = []
  #deaths: number

  constructor(deaths = 0) {
    this.#deaths = deaths
  }

  async verifyAll(operands: readonly ZkOperands[]): ReturnType<ProofThread['verifyAll']> {
    this.batches.push(operands)
    if (this.#deaths-- > 0) throw new QuernError('WORKER_DIED', 'died')
    await new Promise<void>((resolve) => this.#release.push(resolve))
    return verifier.verifyAll(operands)
  }

  release(): void {
    for (const release of this.#release.splice(0)) release()
  }

  async stop(): Promise<void> {}
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('ProofPool', () => {
  it('verifies in a thread while the event loop turns, and fills the cache', async () => {
    const { pool, cache } = open()
    // A piece of a block, as operands are: the block stays here.
    const block = new Uint8Array(1 << 20)
    const statement = toy.prove([11n])
    block.set(statement.proof, 500)
    const piece: ZkOperands = { tag: ZK_TAG.groth16, ...statement, proof: block.subarray(500, 628) }
    const asked = [...PROOFS, piece, FALSE]
    let turns = 0
    let isDone = false
    const answered = pool.verify(asked).finally(() => {
      isDone = true
    })
    while (!isDone) {
      await turn()
      turns++
    }
    const verdicts = await answered
    expect(verdicts.map(codeOf)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ZK_PROOF_FALSE'])
    expect(block.length).toBe(1 << 20)
    // The thread takes tens of milliseconds to start and verify: a loop that stood still meanwhile turned once.
    expect(turns).toBeGreaterThan(5)
    // Consensus finds every verdict: nobody verifies again.
    const unasked: ProofVerifier = {
      verify: () => expect.unreachable(),
      verifyAll: (none) => none.map(() => expect.unreachable()),
    }
    expect(asked.map((one) => codeOf(cachedVerifier(unasked, cache).verify(one)))).toEqual(verdicts.map(codeOf))
  })

  it('verifies a proof once, however often it is asked for', async () => {
    const thread = new HeldThread()
    const { pool } = open({ threads: [thread] })
    const answers = [pool.verify([PROOFS[0]!, PROOFS[0]!]), pool.verifyBlock([PROOFS[0]!])]
    await turn()
    thread.release()
    expect((await Promise.all(answers)).flat().map(codeOf)).toEqual(['ok', 'ok', 'ok'])
    expect((await pool.verify([PROOFS[0]!])).map(codeOf)).toEqual(['ok'])
    expect(thread.batches.map((batch) => batch.length)).toEqual([1])
  })

  it('keeps no verdict for the curious, unless a transaction asks for it as well', async () => {
    const thread = new HeldThread()
    const { pool, cache } = open({ threads: [thread] })
    const [idle, shared] = [proof(901n), proof(902n)]
    const answers = [pool.verifyAside(idle), pool.verifyAside(shared), pool.verify([shared])]
    await turn()
    thread.release()
    expect(await Promise.all(answers)).toMatchObject([{ ok: true }, { ok: true }, [{ ok: true }]])
    expect([idle, shared].map((one) => cache.get(operandsHash(one))?.ok)).toEqual([undefined, true])
  })

  it('refuses more than it holds, but not a block', async () => {
    const thread = new HeldThread()
    const { pool } = open({ threads: [thread], maxWaiting: 2 })
    const [one, two, three, four] = PROOFS as [ZkOperands, ZkOperands, ZkOperands, ZkOperands]
    const waiting = pool.verify([one, two])
    expect((await pool.verify([three])).map(codeOf)).toEqual(['ZK_OVERLOADED'])
    expect(pool.stats.waiting).toBe(2)
    const urgent = pool.verifyBlock([four])
    const all = Promise.all([waiting, urgent])
    while (pool.stats.waiting > 0) {
      thread.release()
      await turn()
    }
    expect((await all).flat().map(codeOf)).toEqual(['ok', 'ok', 'ok'])
  })

  it('serves a block before what came earlier, and hurries what it shares with it', async () => {
    const thread = new HeldThread()
    const { pool } = open({ threads: [thread] })
    const [one, two, three, four] = PROOFS as [ZkOperands, ZkOperands, ZkOperands, ZkOperands]
    const asked = [pool.verify([one])]
    await turn()
    asked.push(pool.verify([two, three]), pool.verifyBlock([four, three]))
    while (pool.stats.waiting > 0) {
      thread.release()
      await turn()
    }
    await Promise.all(asked)
    expect(thread.batches).toEqual([[one], [four, three], [two]])
  })

  it('holds a block up by one batch of Groth16 proofs, or by one proof of another kind', async () => {
    const thread = new HeldThread()
    const { pool } = open({ threads: [thread] })
    const signed = (byte: number): ZkOperands => {
      const hash = new Uint8Array(32).fill(byte)
      return { tag: ZK_TAG.development, imageId: hash, journalDigest: hash, signature: new Uint8Array(64) }
    }
    const [one, two, three] = PROOFS as [ZkOperands, ZkOperands, ZkOperands]
    const asked = pool.verify([one, two, signed(1), signed(2), three])
    while (pool.stats.waiting > 0) {
      thread.release()
      await turn()
    }
    await asked
    expect(thread.batches).toEqual([[one, two], [signed(1)], [signed(2)], [three]])
  })

  it('answers on its own thread when threads keep dying', async () => {
    const thread = new HeldThread(100)
    const { pool } = open({ threads: [thread] })
    expect((await pool.verify([PROOFS[0]!, FALSE])).map(codeOf)).toEqual(['ok', 'ZK_PROOF_FALSE'])
    expect(pool.stats).toEqual({ waiting: 0, crashes: 3 })
    expect(thread.batches).toHaveLength(3)
  })

  it('has a thread answer what it was given before it ends, and starts another for what comes then', async () => {
    const thread = new WorkerProofThread({})
    const { pool } = open({ threads: [thread] })
    const answered = pool.verify([PROOFS[1]!])
    await turn()
    await thread.stop()
    expect((await answered).map(codeOf)).toEqual(['ok'])
    expect((await pool.verify([PROOFS[2]!])).map(codeOf)).toEqual(['ok'])
    expect(pool.stats.crashes).toBe(0)
  })

  it('passes on a fault of ours', async () => {
    const broken: ProofThread = { verifyAll: () => Promise.reject(new RangeError('ours')), stop: async () => {} }
    await expect(open({ threads: [broken] }).pool.verify([PROOFS[0]!])).rejects.toThrow('ours')
  })

  it('answers what it took, and nothing after it was closed', async () => {
    const { pool } = open({ threads: [new InlineProofThread(verifier)] })
    const before = pool.verify([PROOFS[0]!])
    const closed = pool.close()
    expect((await pool.verify([PROOFS[1]!])).map(codeOf)).toEqual(['ZK_CLOSED'])
    expect((await before).map(codeOf)).toEqual(['ok'])
    await closed
  })
})

it('a node verifies ahead with the options that consensus has', async () => {
  const secret = new Uint8Array(32).fill(3)
  const [imageId, journalDigest] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const signature = signDevelopment(imageId, journalDigest, secret)
  const operands: ZkOperands = { tag: ZK_TAG.development, imageId, journalDigest, signature }
  const asked = [operands, { ...operands, journalDigest: imageId }, PROOFS[0]!]
  const proofs = await openProofs({ devProofKey: toHex(developmentKeyOf(secret)) })
  pools.push(proofs.ahead)
  const codes = (await proofs.ahead.verify(asked)).map(codeOf)
  expect(codes).toEqual(['ok', 'ZK_PROOF_FALSE', 'ok'])
  expect(asked.map((one) => codeOf(proofs.verifier.verify(one)))).toEqual(codes)
})

describe('the circuit table', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-zk-'))
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

  it.each([
    ['is missing', undefined, 'ZK_CIRCUIT_UNREADABLE'],
    ['is no JSON', 'steps', 'ZK_CIRCUIT_UNREADABLE'],
    ['is too large', ' '.repeat((4 << 20) + 1), 'ZK_CIRCUIT_UNREADABLE'],
    ['is another file', '{}', 'ZK_CIRCUIT_INVALID'],
  ])('that %s is refused by name', async (_, text, code) => {
    const circuitFile = path.join(folder, 'table.json')
    fs.mkdirSync(folder, { recursive: true })
    if (text !== undefined) fs.writeFileSync(circuitFile, text)
    await expect(loadProofSystems({ circuitFile })).rejects.toMatchObject({ code })
  })
})
