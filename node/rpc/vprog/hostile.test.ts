/** Covenants of anything at all, also such as imitate standard ones, against every method that tells of them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { concatBytes, type Hash, toHex } from '../../../core/bytes.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { blake2b256 } from '../../../vm/kip/hashers.ts'
import type { ScriptPublicKey } from '../../../vm/kip/types.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { scriptOf } from '../../../vm/script/assembly.ts'
import { OP } from '../../../vm/script/opcodes.ts'
import { payToHash, payToScript } from '../../../vm/script/standard.ts'
import { covenantScript, type Program } from '../../../vm/settlement/covenant.ts'
import { encodeExits } from '../../../vm/settlement/exits.ts'
import { encodeClaim, permissionScript } from '../../../vm/settlement/permission.ts'
import { permissionTree } from '../../../vm/settlement/permission-tree.ts'
import { encodeSettlement } from '../../../vm/settlement/signature-script.ts'
import { permissionOf } from '../../../vm/settlement/transactions.ts'
import { callMethod } from '../fixture.ts'
import type { RpcContext } from '../method.ts'
import { methods } from '../methods/index.ts'
import { bodyOf, hashOf, holder, laneOf, type Sent, VprogFixture } from './fixture.ts'
import { openLaneFeed } from './lane-feed.ts'

const PROGRAM: Program = {
  txImageId: hashOf('transaction'),
  batchImageId: hashOf('batch'),
  imageId: hashOf('aggregate'),
  proof: { kind: 'development' },
}
const stateOf = (label: string) => ({
  laneTip: hashOf(`t${label}`),
  state: hashOf(`s${label}`),
  laneKey: laneKey(laneOf(1)),
})
const EXITS = [
  { script: holder('one'), amount: 10n },
  { script: holder('two'), amount: 4n },
]
const COVENANT = covenantScript(stateOf('0'), PROGRAM)
const BUNDLE = permissionScript(permissionOf(EXITS))

/** Opens for anything that pushes as many items. */
const openFor = (items: number): ScriptPublicKey => ({
  version: 0,
  script: concatBytes(...Array.from({ length: items }, () => Uint8Array.of(OP.OpDrop)), Uint8Array.of(OP.OpTrue)),
})

/** Signature scripts as settlements and claims have them, or of garbage, with how many items they push. */
const SHOWN: readonly { readonly script: Uint8Array; readonly items: number }[] = [
  {
    script: encodeSettlement(
      {
        proof: [new Uint8Array(64)],
        depositHash: hashOf('d'),
        newLaneTip: hashOf('t1'),
        newState: hashOf('s1'),
        block: hashOf('b'),
      },
      COVENANT,
    ),
    items: 6,
  },
  {
    script: encodeClaim({ ...EXITS[0]!, deduct: 3n, path: permissionTree(EXITS).path(0) }, BUNDLE),
    items: 6,
  },
  // It takes more than there is.
  {
    script: encodeClaim({ ...EXITS[0]!, deduct: 30n, path: permissionTree(EXITS).path(1) }, BUNDLE),
    items: 6,
  },
  { script: scriptOf(hashOf('x'), COVENANT), items: 2 },
  { script: scriptOf(new Uint8Array(0)), items: 1 },
  { script: new Uint8Array(0), items: 0 },
]

const SPKS: readonly ScriptPublicKey[] = [
  ...SHOWN.map(({ items }) => openFor(items)),
  payToScript(COVENANT),
  payToScript(covenantScript(stateOf('1'), PROGRAM)),
  payToScript(BUNDLE),
  payToHash(blake2b256(hashOf('nothing'))),
  { version: 7, script: hashOf('later version') },
  { version: 0, script: new Uint8Array(0) },
]
const PAYS_COVENANT = SHOWN.length
/** The first begins a standard covenant. */
const SHOWS_COVENANT = 0
const PAYLOADS = [
  COVENANT,
  COVENANT.slice(1),
  BUNDLE,
  encodeExits(EXITS),
  encodeExits(EXITS).slice(1),
  hashOf('junk'),
  new Uint8Array(0),
]

const anyTransaction = fc.record({
  spks: fc.array(fc.oneof(fc.nat(SHOWN.length - 1), fc.nat(SPKS.length - 1)), { minLength: 1, maxLength: 3 }),
  payload: fc.nat(PAYLOADS.length - 1),
  lane: fc.boolean(),
  /** Which output of which earlier transaction is spent, and with what; undefined begins a covenant. */
  spends: fc.option(fc.record({ back: fc.nat(2), shown: fc.nat(SHOWN.length - 1) }), { nil: undefined }),
  account: fc.nat(2),
})

interface Made {
  readonly sent: Sent
  readonly id: Hash
  readonly begins: boolean
  readonly spks: readonly number[]
  readonly payload: number
}

function bodyFor(
  own: VprogFixture,
  drawn: typeof anyTransaction extends fc.Arbitrary<infer T> ? T : never,
  made: readonly Made[],
): { id: Hash; body: CovenantBody } {
  const spks = drawn.spks.map((i) => SPKS[i]!)
  const payload = PAYLOADS[drawn.payload]!
  const lane = drawn.lane ? { laneId: laneOf(1) } : {}
  const before = drawn.spends === undefined ? undefined : made.at(-1 - drawn.spends.back)
  if (before === undefined) {
    const { id, body } = own.genesisOf(spks, payload, drawn.account)
    return { id, body: { ...body, ...lane } }
  }
  const index = Math.max(
    0,
    before.spks.findIndex((i) => i < SHOWN.length),
  )
  const items = SHOWN[before.spks[index]!]?.items
  const fitting = SHOWN.filter((shown) => shown.items === items)
  const { script: signatureScript } = fitting[drawn.spends!.shown % fitting.length] ?? SHOWN[0]!
  const input = { outpoint: { txId: before.sent.txId, index }, signatureScript, sequence: 2n ** 64n - 1n }
  const binding = { authorizingInput: 0, covenantId: before.id }
  const outputs = spks.map((spk) => ({ value: 500n, spk, binding }))
  return { id: before.id, body: bodyOf({ ...lane, payload, inputs: [input], outputs }) }
}

/** Enough for what a handful of transactions may fill an answer with. */
const MAX_ANSWER_BYTES = 200_000

async function askEverything(context: RpcContext, ids: readonly Hash[], made: readonly Made[]): Promise<string[]> {
  const answers: string[] = []
  const ask = async (name: string, ...params: readonly unknown[]) => {
    const method = methods.find((each) => each.name === name)!
    try {
      const text = JSON.stringify(await callMethod(context, method, params))
      expect(text.length).toBeLessThan(MAX_ANSWER_BYTES)
      answers.push(`${name} ${text}`)
    } catch (error) {
      const { tag } = error as { tag?: string }
      expect([name, tag, error]).toEqual([name, expect.stringMatching(/^(?!INTERNAL)[A-Z_]+$/), error])
    }
  }
  await ask('vprog_listPrograms', { limit: 100 })
  for (const id of ids.map(toHex)) {
    await ask('vprog_getCovenant', id)
    await ask('vprog_getLineage', id, { limit: 3 })
    await ask('vprog_getSettlements', id)
    await ask('vprog_getDeposits', id)
    for (const { sent } of made.slice(-2)) await ask('vprog_getCovenant', id, `${toHex(sent.txId)}:0`)
  }
  for (const { sent } of made) await ask('vprog_getOutput', `${toHex(sent.txId)}:1`)
  await ask('vprog_getLane', '0x51000001')
  await ask('vprog_getLaneProof', '0x51000001', 'latest')
  await ask('vprog_getTwoAnchorProof', '0x51000001', 1, 'latest')
  return answers
}

const listed = (answers: readonly string[]): string => answers[0]!.slice('vprog_listPrograms '.length)

it('only typed refusals and bounded answers, and nothing is taken for standard that is not', async () => {
  let continued = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyTransaction, { minLength: 2, maxLength: 10 }), async (plan) => {
      const own = new VprogFixture()
      const made: Made[] = []
      for (const drawn of plan) {
        const { id, body } = bodyFor(own, drawn, made)
        const sent = own.sign(body, drawn.account)
        const { receipts } = own.chain.mine({ include: [sent.transaction] })
        if (receipts[0]!.status !== 1) continue
        const { spks, payload } = drawn
        made.push({ sent, id, begins: body.inputs.length === 0, spks, payload })
        if (body.inputs.length > 0) continued++
      }
      own.mine()
      const ids = [...new Map(made.map(({ id }) => [toHex(id), id])).values(), hashOf('nobody')]
      const answers = await askEverything(own.context, ids, made)
      const { programs }: { programs: { id: string; standard: boolean | null }[] } = JSON.parse(listed(answers))
      const taken = programs.filter(({ standard }) => standard === true).map(({ id }) => id)
      // One output that pays to a standard script, which the payload shows.
      const standard = made.filter(
        ({ begins, spks, payload }) =>
          begins && spks.length === 1 && spks[0] === PAYS_COVENANT && payload === SHOWS_COVENANT,
      )
      expect(taken.sort()).toEqual(standard.map(({ id }) => toHex(id)).sort())
      const events = []
      const feed = await openLaneFeed(own.chain, laneKey(laneOf(1)), { fromHeight: 0 })
      for (let more = await feed.next(); more !== undefined; more = await feed.next()) events.push(...more)
      expect(JSON.stringify(events).length).toBeLessThan(MAX_ANSWER_BYTES)
    }),
    { numRuns: 12 },
  )
  // Scripts that imitate standard ones did run.
  expect(continued).toBeGreaterThan(3)
})
