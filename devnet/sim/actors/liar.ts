/** Answers to those who are behind: wrong in ways that only their reader can find out. */
import type { Block } from '../../../consensus/types.ts'
import type { FinalBlock, PeerRequest, PeerResponse } from '../../../p2p/transport.ts'
import type { Actor } from '../machine.ts'
import { forkBeside, ownCertificate } from './forgery.ts'
import type { Stage } from './stage.ts'

/** Views looked at for one that we lead: with a quarter of the power, one of these is ours but for one chance in 100,000. */
const VIEWS_TRIED = 40

/** Follows the rules in public, and misleads whoever asks. */
export const liar = (stage: Stage): Actor => ({ answer: (request, honest) => lie(stage, request, honest) })

export async function lie(
  stage: Stage,
  request: PeerRequest,
  honest: () => Promise<PeerResponse>,
): Promise<PeerResponse> {
  const answer = await honest()
  switch (answer.type) {
    case 'status': {
      const { status } = answer
      return { ...answer, status: { ...status, height: status.height + stage.random.between(1, 1_000) } }
    }
    case 'block':
      return { type: 'block', block: undefined }
    case 'certificates':
      return { type: 'certificates', certificates: answer.certificates.map((c) => ({ ...c, view: c.view + 1 })) }
    case 'range':
      return { type: 'range', blocks: lieAboutRange(stage, request, answer.blocks) }
    // Machines of the simulator join with their chain, never by its state: test/sync lies about that.
    case 'chunk':
    case 'receipts':
    case 'edges':
    case 'headers':
    case 'state':
    case 'result':
      return answer
  }
}

function lieAboutRange(stage: Stage, request: PeerRequest, blocks: readonly FinalBlock[]): readonly FinalBlock[] {
  const last = blocks.at(-1)?.block
  const invented = inventBeside(stage, last ?? tipAt(stage, request))
  if (invented !== undefined) return [...blocks.slice(0, -1), invented]
  // Right blocks, with certificates of the wrong kind.
  return blocks.map((final) => (stage.random.chance(0.5) ? final : { ...final, finalization: final.notarization }))
}

/** Where nothing is final yet: the block that is about to be. */
function tipAt(stage: Stage, request: PeerRequest): Block | undefined {
  const node = stage.modules.node()
  const tip = node?.blockByHash(node.latest().hash)?.block
  return request.type === 'range' && tip?.header.height === request.fromHeight ? tip : undefined
}

/** A block of ours in the place of another, called final by certificates that we alone signed. */
function inventBeside(stage: Stage, over: Block | undefined): FinalBlock | undefined {
  if (over === undefined || over.header.height === 0) return undefined
  const { epoch, view } = over.header
  for (let ours = view; ours < view + VIEWS_TRIED; ours++) {
    if (!stage.leads(epoch, ours)) continue
    const block = forkBeside(stage, over, epoch, ours)
    if (block === undefined) return undefined
    const notarization = ownCertificate(stage, 'notarize', epoch, ours, block.hash)
    const finalization = ownCertificate(stage, 'finalize', epoch, ours, block.hash)
    return { block, notarization, finalization }
  }
  return undefined
}
