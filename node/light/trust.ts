/**
 * Where trust begins: a checkpoint the operator gave, one that several peers agree on, what this node trusted before, or
 * the genesis file; and from there along the edges to the last block of the newest whole epoch. PROTOCOL 10.
 */

import { headerHash } from '../../consensus/header.ts'
import { type EpochEdge, verifyEdges } from '../../consensus/light/edges.ts'
import {
  type Anchor,
  type Checkpoint,
  checkHorizon,
  type LightRules,
  setKeyAfter,
  type TrustedHeader,
  trustCheckpoint,
  trustGenesis,
} from '../../consensus/light/trust.ts'
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { MAX_EDGES } from '../../p2p/wire-light.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { epochOf, isLastBlockOfEpoch } from '../../vm/params.ts'
import { askEach, LightLie, type LightSource } from './source.ts'

export type TrustErrorCode =
  | 'CHECKPOINT_NEEDED'
  | 'CHECKPOINT_CONFLICT'
  | 'TRUST_PEERS_DISAGREE'
  | 'TRUST_PEERS_FEW'
  | 'LIGHT_UNANSWERED'

export interface TrustOptions {
  readonly genesis: Genesis
  readonly rules: LightRules
  /** What was trusted in an earlier life. */
  readonly known?: TrustedHeader
  /** Hash of a block below `known` that is kept since then. */
  readonly keptHash?: (height: number) => Hash | undefined
  readonly checkpoint?: Checkpoint
  /** How many peers must agree; 0: none is believed. */
  readonly trustPeers: number
  /** Who can be asked now. */
  readonly sources: () => readonly LightSource[]
  readonly nowMs: number
}

/** @throws QuernError `TrustErrorCode` */
export async function resolveTrust(options: TrustOptions): Promise<TrustedHeader> {
  const { genesis, rules, known, checkpoint, nowMs } = options
  const trusted = await beginning(options)
  const failure = checkHorizon(trusted, trusted, nowMs, rules.params)
  if (failure !== undefined) throw new QuernError(failure.code, failure.message, failure.meta)
  return trusted

  async function beginning({ sources, trustPeers }: TrustOptions): Promise<TrustedHeader> {
    if (checkpoint !== undefined) {
      checkAgainst(checkpoint, options)
      // One that was given at the first start stands in the configuration for ever after.
      if (known === undefined || known.header.height < checkpoint.height) {
        return fromCheckpoint(checkpoint, sources(), rules)
      }
    }
    const begun = known ?? trustGenesis(genesis)
    // Who asks peers although what it knows is still good believes more than it must.
    if (trustPeers === 0 || checkHorizon(begun, begun, nowMs, rules.params) === undefined) return begun
    return (await fromPeers(trustPeers, sources(), rules)) ?? begun
  }
}

/** @throws QuernError `CHECKPOINT_CONFLICT` */
function checkAgainst({ height, hash }: Checkpoint, { known, keptHash }: TrustOptions): void {
  const here = known?.header.height === height ? known.hash : keptHash?.(height)
  if (here === undefined || equalBytes(here, hash)) return
  throw new QuernError(
    'CHECKPOINT_CONFLICT',
    `block ${height} is 0x${hexKey(here)} here, and the checkpoint says 0x${hexKey(hash)}: one of them is of another chain; ` +
      'check the checkpoint, or begin anew in another folder',
    { height },
  )
}

/** The header of a checkpoint with its proved set, from whoever has it. */
function fromCheckpoint(
  checkpoint: Checkpoint,
  sources: readonly LightSource[],
  rules: LightRules,
): Promise<TrustedHeader> {
  return askEach(sources, `block ${checkpoint.height}`, async (source) => {
    const anchor = await askAnchor(source, checkpoint.height, rules)
    if (anchor === undefined) return undefined
    const trusted = trustCheckpoint(checkpoint, anchor, rules)
    if (!trusted.ok) throw new LightLie(trusted.error)
    return trusted.value
  })
}

/** Of any final block whose state the source holds; the last blocks of epochs are provable for ever. */
async function askAnchor(source: LightSource, height: number, rules: LightRules): Promise<Anchor | undefined> {
  const { params } = rules
  if (isLastBlockOfEpoch(height, params)) {
    const { edges } = await source.ask({ type: 'edges', fromEpoch: epochOf(height, params), count: 1 })
    return edges[0]
  }
  const { headers } = await source.ask({ type: 'headers', fromHeight: height, count: 1 })
  const { state } = await source.ask({ type: 'state', height, keys: [setKeyAfter(height, params)] })
  const set = state?.values[0]
  if (headers[0] === undefined || state === undefined || set === undefined) return undefined
  return { header: headers[0].header, set, proof: state.proof }
}

interface Said {
  readonly source: LightSource
  readonly edge: EpochEdge
  readonly hash: string
}

/**
 * The newest edge that at least `wanted` sources have, when all that have it name the same; undefined while no epoch has
 * ended. Lies about the height only move the common one: no edge is taken that fewer have.
 * @throws QuernError `TRUST_PEERS_FEW`, `TRUST_PEERS_DISAGREE`
 */
async function fromPeers(
  wanted: number,
  sources: readonly LightSource[],
  rules: LightRules,
): Promise<TrustedHeader | undefined> {
  const { params } = rules
  const heights = await Promise.all(sources.map((source) => quietly(() => source.height())))
  const known = heights.filter((height) => height !== undefined).sort((a, b) => b - a)
  const common = known[wanted - 1]
  if (common === undefined) throw tooFew(wanted, known.length)
  const epoch = Math.floor(common / params.epochBlocks) - 1
  if (epoch < 0) return undefined
  const answers = await Promise.all(
    sources.map(async (source): Promise<Said | undefined> => {
      const edge = await quietly(async () => (await source.ask({ type: 'edges', fromEpoch: epoch, count: 1 })).edges[0])
      return edge === undefined ? undefined : { source, edge, hash: hexKey(headerHash(edge.header)) }
    }),
  )
  const said = answers.filter((answer) => answer !== undefined)
  const first = said[0]
  if (first === undefined || said.length < wanted) throw tooFew(wanted, said.length)
  const height = (epoch + 1) * params.epochBlocks
  if (said.some(({ hash }) => hash !== first.hash)) {
    const each = said.map(({ source, hash }) => `${source.name} says ${height}:0x${hash}`).join('; ')
    throw new QuernError(
      'TRUST_PEERS_DISAGREE',
      `peers name different blocks, one of them follows another chain: ${each}; find out which, and give it as --checkpoint`,
      { height },
    )
  }
  return fromCheckpoint(
    { height, hash: headerHash(first.edge.header) },
    said.map(({ source }) => source),
    rules,
  )
}

/** Who does not answer says nothing. */
async function quietly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof QuernError && error.code !== 'ASSERTION_FAILED') return undefined
    throw error
  }
}

const tooFew = (wanted: number, found: number): QuernError =>
  new QuernError(
    'TRUST_PEERS_FEW',
    `${found} peers say what the newest block is, and --trust-peers asks for ${wanted}: name more peers, or ask for fewer`,
    { wanted, found },
  )

export interface EdgePath {
  readonly trusted: TrustedHeader
  /** Those on the way, ascending. */
  readonly edges: readonly EpochEdge[]
}

/**
 * The edges that a source has above a trusted header, as many as may lie between it and its horizon: whoever is led beyond
 * that needs a newer beginning anyway.
 * @throws LightLie for one that does not verify
 */
export async function followEdges(from: TrustedHeader, source: LightSource, rules: LightRules): Promise<EdgePath> {
  let trusted = from
  const edges: EpochEdge[] = []
  while (edges.length <= rules.params.unbondingEpochs) {
    const answer = await source.ask({ type: 'edges', fromEpoch: trusted.set.epoch, count: MAX_EDGES })
    if (answer.edges.length === 0) break
    const next = verifyEdges(trusted, answer.edges, rules)
    if (!next.ok) throw new LightLie(next.error)
    trusted = next.value
    edges.push(...answer.edges)
  }
  return { trusted, edges }
}

/**
 * The last block of the newest whole epoch, as far as any of the sources leads, and the edges on the way there.
 * @throws QuernError `TrustErrorCode`
 */
export async function newestEdge(options: TrustOptions): Promise<EdgePath> {
  const { rules, sources, nowMs } = options
  const begun = await resolveTrust(options)
  let best: EdgePath = { trusted: begun, edges: [] }
  for (const source of sources()) {
    const path = await quietly(() =>
      askEach([source], 'the newest whole epoch', (asked) => followEdges(best.trusted, asked, rules)),
    )
    if (path !== undefined) best = { trusted: path.trusted, edges: [...best.edges, ...path.edges] }
  }
  const failure = checkHorizon(begun, best.trusted, nowMs, rules.params)
  if (failure !== undefined) throw new QuernError(failure.code, failure.message, failure.meta)
  return best
}
