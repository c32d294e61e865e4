/** Evidence that proves nothing is refused with its code, as a transaction and as a message of a peer. PROTOCOL 5. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Evidence } from '../../consensus/simplex/types.ts'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import { type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { Cluster } from '../../node/testing/cluster.ts'
import type { Verdict } from '../../p2p/transport.ts'
import type { SignedStatement } from '../../vm/transaction/types.ts'
import { heard, nameOf, reporterOf, reportsIn, signedBy, statement } from './evidence-scene.ts'

const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 100, epochBlocks: 4, seedWindowBlocks: 2 }
const A = sha256(Uint8Array.of(1))
const B = sha256(Uint8Array.of(2))
/** Four validate, and these do not. */
const SENDER = 4
const OUTSIDER = 6
/** Of four, whoever the evidence is about at the end. */
const CULPRIT = 3

const scheme = standInScheme()
let cluster: Cluster
let node: ChainNode
let gossip: ReturnType<typeof heard>
beforeAll(async () => {
  cluster = new Cluster(4, PARAMS, scheme)
  gossip = heard(cluster.hub.connect(nameOf(0)))
  node = await cluster.start(0, { transport: gossip.transport, reporter: reporterOf(0) })
  await Promise.all([1, 2, 3].map((i) => cluster.start(i)))
  // Epoch 0 is too old by now, and epoch 1 is not yet: evidence counts for three epochs after its own.
  await cluster.until(node, 4 * PARAMS.epochBlocks + 1)
})
afterAll(() => cluster.stopAll())

interface Case {
  readonly of?: number
  readonly signer?: number
  readonly epoch?: number
  readonly views?: readonly [number, number]
  readonly types?: readonly [SignedStatement['type'], SignedStatement['type']]
  readonly hashes?: readonly [Hash, Hash]
  readonly genesisHash?: Hash
}

function evidenceOf(given: Case): Evidence {
  const { of = 1, signer = of, views = [9_000, 9_000], types = ['notarize', 'notarize'], hashes = [A, B] } = given
  const { epoch = node.finalized().epoch, genesisHash = node.genesisHash } = given
  const [first, second] = ([0, 1] as const).map((i) =>
    statement(scheme, types[i], types[i] === 'nullify' ? ZERO_HASH : hashes[i], {
      epoch,
      view: views[i],
      signer,
      genesisHash,
    }),
  ) as [SignedStatement, SignedStatement]
  return { validator: testKey(of).owner, epoch, view: views[0], first, second }
}

const codeOf = (verdict: Verdict): string => (typeof verdict === 'string' ? verdict : verdict.reject)

/** [what, case, code as a transaction, verdict as a message]: nobody is blamed for what another state may allow. */
const REFUSED: readonly (readonly [string, Case, string, string])[] = [
  ['forged', { signer: 2 }, 'EVIDENCE_SIGNATURE_INVALID', 'EVIDENCE_SIGNATURE_INVALID'],
  ['of two views', { views: [9_000, 9_001] }, 'EVIDENCE_SIGNATURE_INVALID', 'EVIDENCE_SIGNATURE_INVALID'],
  ['of another genesis', { genesisHash: A }, 'EVIDENCE_SIGNATURE_INVALID', 'EVIDENCE_SIGNATURE_INVALID'],
  ['of one statement', { hashes: [A, A] }, 'EVIDENCE_NOT_CONFLICTING', 'EVIDENCE_NOT_CONFLICTING'],
  ['of two finalizes', { types: ['finalize', 'finalize'] }, 'EVIDENCE_NOT_CONFLICTING', 'EVIDENCE_NOT_CONFLICTING'],
  [
    'of notarize and nullify',
    { types: ['notarize', 'nullify'] },
    'EVIDENCE_NOT_CONFLICTING',
    'EVIDENCE_NOT_CONFLICTING',
  ],
  ['against no validator', { of: OUTSIDER }, 'EVIDENCE_NOT_IN_SET', 'EVIDENCE_NOT_IN_SET'],
  ['too old', { epoch: 0 }, 'EVIDENCE_TOO_OLD', 'ignore'],
  ['of an epoch without a set', { epoch: 99 }, 'EVIDENCE_NOT_IN_SET', 'ignore'],
]

/** A sender may bring few false proofs in a minute, so each case has its own. */
let nextSender = SENDER

describe('evidence', () => {
  it.each(REFUSED)('%s: refused', async (_, given, code, verdict) => {
    const evidence = evidenceOf(given)
    const sender = SENDER + (nextSender++ % 4)
    const raw = signedBy(sender, { kind: 'SUBMIT_EVIDENCE', ...evidence }, node)
    expect(await node.submit(raw)).toMatchObject({ ok: false, error: { code } })
    expect(codeOf(await gossip.hear({ type: 'evidence', evidence }))).toBe(verdict)
    const batch = codeOf(await gossip.hear({ type: 'transactions', transactions: [raw] }))
    expect(batch).toBe(code === 'EVIDENCE_SIGNATURE_INVALID' ? code : 'ignore')
  })

  it('that a node made up costs nobody anything', () => expect(reportsIn(node)).toEqual([]))

  it('that is right is accepted once, and reported by whoever leads', async () => {
    const evidence = evidenceOf({ of: CULPRIT, types: ['finalize', 'nullify'] })
    expect(await gossip.hear({ type: 'evidence', evidence })).toBe('accept')
    expect(await gossip.hear({ type: 'evidence', evidence })).toBe('ignore')
    await cluster.until(node, () => reportsIn(node).length > 0)
    expect(reportsIn(node)).toMatchObject([{ status: 1, evidence: { validator: testKey(CULPRIT).owner } }])
    const other = evidenceOf({ of: CULPRIT })
    expect(codeOf(await gossip.hear({ type: 'evidence', evidence: other }))).toBe('ignore')
    const raw = signedBy(SENDER + 3, { kind: 'SUBMIT_EVIDENCE', ...other }, node)
    expect(await node.submit(raw)).toMatchObject({ ok: false, error: { code: 'EVIDENCE_ALREADY_PUNISHED' } })
  })

  it('against the node itself, of an earlier life, is passed on and left to others to report', async () => {
    const evidence = evidenceOf({ of: 0, epoch: node.finalized().epoch - 1 })
    await cluster.stop(0)
    const again = heard(cluster.hub.connect(nameOf(0)))
    node = await cluster.start(0, { transport: again.transport, reporter: reporterOf(0) })
    expect(await again.hear({ type: 'evidence', evidence })).toBe('accept')
    await cluster.until(node, node.finalized().height + 2 * PARAMS.epochBlocks)
    expect(reportsIn(node)).toHaveLength(1)
    expect(cluster.failures).toEqual([])
  })
})
