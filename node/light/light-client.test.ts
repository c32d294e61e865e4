import { describe, expect, it } from 'vitest'
import { headerHash } from '../../consensus/header.ts'
import { trustGenesis, unbondingMs } from '../../consensus/light/trust.ts'
import { hexKey } from '../../core/bytes.ts'
import { keccak256 } from '../../core/hash.ts'
import { MemoryStore } from '../../core/kv.ts'
import { accounts, workers } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { decodeEnvelope, decodeOptions } from '../../vm/transaction/envelope.ts'
import { makerKey } from '../testing/chain-plan.ts'
import { FixtureSource, LIGHT_PARAMS, type Lie, makeChain, rulesOf } from './fixture.ts'
import { LightClient } from './light-client.ts'
import { LightStore } from './light-store.ts'

const BLOCKS = 4 * LIGHT_PARAMS.epochBlocks + 3
const maker = await makeChain()
await maker.run(BLOCKS)
const rules = await rulesOf(maker)
const trusted = trustGenesis(maker.genesis)
const nowMs = () => maker.chain.head.header.timestampMs
const user = makerKey('user', 0).owner

const clientOf = (sources: readonly FixtureSource[], store?: LightStore) =>
  new LightClient({ rules, trusted, sources: () => sources, nowMs, ...(store === undefined ? {} : { store }) })

async function followed(...lies: Lie[]): Promise<{ client: LightClient; liars: FixtureSource[] }> {
  const liars = lies.map((lie, i) => new FixtureSource(`liar ${i}`, maker, lie))
  const client = clientOf([...liars, new FixtureSource('honest', maker)])
  await client.advance()
  return { client, liars }
}

/** Transaction hashes of the chain's results, by height. */
function results(): { readonly height: number; readonly index: number; readonly hash: Uint8Array }[] {
  const found = []
  for (let height = 1; height <= BLOCKS; height++) {
    const { block, receipts } = maker.chain.blockAt(height)!
    let index = 0
    for (const [i, envelope] of block.transactions.entries()) {
      if (receipts[i]!.status === 1 && isResult(envelope))
        found.push({ height, index: index++, hash: keccak256(envelope) })
    }
    expect(index).toBe(block.header.resultCount)
  }
  return found
}

describe('a light client', () => {
  it('follows from genesis to the head, whole epochs by their edges alone', async () => {
    const source = new FixtureSource('honest', maker)
    const client = clientOf([source])
    await client.advance()
    expect(client.newest.header).toEqual(maker.chain.head.header)
    expect(client.newest.set.epoch).toBe(4)
    const headers = source.asked.filter(({ type }) => type === 'headers')
    expect(headers.length).toBeLessThan(4)
  })

  it('goes on block by block, across the ends of epochs, and after a restart', async () => {
    const growing = await makeChain({ seed: 7 })
    const kv = new MemoryStore()
    const itsRules = await rulesOf(growing)
    const source = new FixtureSource('honest', growing)
    const open = async () => {
      const store = await LightStore.open(kv, itsRules.genesisHash)
      const begun = store.trusted() ?? trustGenesis(growing.genesis)
      return new LightClient({ rules: itsRules, trusted: begun, sources: () => [source], nowMs, store })
    }
    let client = await open()
    for (let height = 1; height <= 2 * LIGHT_PARAMS.epochBlocks + 2; height++) {
      await growing.next()
      await client.advance()
      expect(client.newest.header.height).toBe(height)
      if (height % 5 === 0) client = await open()
    }
    expect(await client.header(3)).toEqual(growing.chain.blockAt(3)!.block.header)
  })

  it('proves balances and that there is no record, at the head and below it', async () => {
    const { client } = await followed()
    const { header, value } = await client.account(user)
    expect(value).toEqual(readRecord(maker.chain.stateAt(header.height)!, accounts, user))
    expect(await client.record(workers, makerKey('validator', 0).owner)).toMatchObject({ value: undefined })
    const earlier = await client.header(BLOCKS - 9)
    expect(earlier).toEqual(maker.chain.blockAt(BLOCKS - 9)!.block.header)
    const then = await client.record(accounts, user, earlier)
    expect(then.value).toEqual(readRecord(maker.chain.stateAt(BLOCKS - 9)!, accounts, user))
  })

  it('proves every result that the chain verified, by its transaction and by its place', async () => {
    const { client } = await followed()
    const all = results()
    expect(all.length).toBeGreaterThan(3)
    for (const { height, index, hash } of all) {
      const byHash = await client.result({ transaction: hash })
      expect(byHash.header.height).toBe(height)
      expect(hexKey(byHash.value.transactionHash)).toBe(hexKey(hash))
      expect(await client.result({ height, index })).toEqual(byHash)
    }
    await expect(client.result({ transaction: new Uint8Array(32) })).rejects.toMatchObject({ code: 'LIGHT_UNANSWERED' })
  })

  it.each<[string, Lie]>([
    ['leaves out an epoch', (_, a) => (a.type === 'edges' ? { ...a, edges: a.edges.slice(1) } : a)],
    ['leaves out a header', (_, a) => (a.type === 'headers' ? { ...a, headers: a.headers.slice(1) } : a)],
    [
      'shows one finalization for all epochs',
      (_, a) => {
        if (a.type !== 'edges') return a
        return { ...a, edges: a.edges.map((edge) => ({ ...edge, finalization: a.edges[0]!.finalization })) }
      },
    ],
    [
      'shows an older set',
      (_, a) => {
        if (a.type !== 'edges') return a
        return { ...a, edges: a.edges.map((edge) => ({ ...edge, set: a.edges[0]!.set, proof: a.edges[0]!.proof })) }
      },
    ],
    [
      'makes up a head',
      (_, a) => {
        if (a.type !== 'headers') return a
        return { ...a, headers: a.headers.map((line) => ({ ...line, header: { ...line.header, gasUsed: 1 } })) }
      },
    ],
    [
      'makes up a head and a certificate of it',
      (_, a) => {
        if (a.type !== 'headers') return a
        return {
          ...a,
          headers: a.headers.map((line, i) => {
            if (i < a.headers.length - 1 || line.finalization === undefined) return line
            const header = { ...line.header, stateRoot: new Uint8Array(32).fill(1) }
            return { header, finalization: { ...line.finalization, blockHash: headerHash(header) } }
          }),
        }
      },
    ],
  ])('is led on by another source where one %s', async (_, lie) => {
    const liar = new FixtureSource('liar', maker, lie)
    const client = clientOf([liar, new FixtureSource('honest', maker)])
    await client.advance()
    expect(client.newest.header).toEqual(maker.chain.head.header)
    expect(liar.blamed).toBe(1)
  })

  it('is led on where the others are silent', async () => {
    const { client, liars } = await followed(
      () => undefined,
      () => undefined,
    )
    expect(client.newest.header).toEqual(maker.chain.head.header)
    expect(liars.map(({ blamed }) => blamed)).toEqual([0, 0])
  })

  it('does not believe a balance, an absence or a result that is not proved', async () => {
    const [first, second] = results()
    const { client, liars } = await followed(
      (_, a) =>
        a.type === 'state' && a.state !== undefined
          ? {
              ...a,
              state: {
                ...a.state,
                values: a.state.values.map(() => accounts.encode({ nonce: 0, balance: 10n ** 30n })),
              },
            }
          : a,
      (_, a) =>
        a.type === 'state' && a.state !== undefined
          ? { ...a, state: { ...a.state, values: a.state.values.map(() => undefined) } }
          : a,
      (r, a) => (r.type === 'result' && a.type === 'result' ? { ...a, result: undefined } : a),
    )
    const truth = readRecord(maker.chain.stateAt(BLOCKS)!, accounts, user)
    for (let i = 0; i < 4; i++) expect((await client.account(user)).value).toEqual(truth)
    expect(liars.map(({ blamed }) => blamed > 0)).toEqual([true, true, false])

    const swapped = new FixtureSource('swapped', maker, (r, a) => {
      if (r.type !== 'result' || a.type !== 'result' || a.result === undefined) return a
      return 'transaction' in r.of ? a : { ...a, result: { ...a.result, resultIndex: 63 } }
    })
    const alone = clientOf([swapped])
    await alone.advance()
    await expect(alone.result({ height: first!.height, index: first!.index })).rejects.toMatchObject({
      code: 'LIGHT_UNANSWERED',
    })
    expect(swapped.blamed).toBe(1)
    expect((await alone.result({ transaction: second!.hash })).header.height).toBe(second!.height)
  })

  it('asks for a checkpoint after a pause of half the unbonding time', async () => {
    const sources = [new FixtureSource('honest', maker)]
    const late = trusted.header.timestampMs + unbondingMs(LIGHT_PARAMS) / 2 + 1
    const client = new LightClient({ rules, trusted, sources: () => sources, nowMs: () => late })
    await expect(client.advance()).rejects.toMatchObject({ code: 'CHECKPOINT_NEEDED' })
    expect(client.newest).toBe(trusted)
  })
})

function isResult(envelope: Uint8Array): boolean {
  return decodeEnvelope(envelope, LIGHT_PARAMS.chainId, decodeOptions(LIGHT_PARAMS)).action.kind === 'SUBMIT_RESULT'
}
