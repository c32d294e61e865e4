/** All programs of a chain, on one screen. */
import { table } from '../../output.ts'
import type { RpcClient } from '../../rpc-client.ts'
import type { CovenantView } from '../covenant.ts'

export const short = (hash: string): string => `${hash.slice(0, 10)}...${hash.slice(-4)}`

type Summary = Omit<CovenantView, 'outputs' | 'outputs_complete'>

/** A page of `vprog_listPrograms` at most. */
const PAGE = 100

export async function allPrograms(client: RpcClient): Promise<Summary[]> {
  const found: Summary[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page: { programs: readonly Summary[]; next: string | null } = await client.call('vprog_listPrograms', [
      { limit: PAGE, ...(after === undefined ? {} : { after }) },
    ])
    found.push(...page.programs)
    after = page.next
  }
  return found
}

export const systemOf = ({ standard, program }: Summary): string =>
  program?.proof_system ?? (standard === false ? 'not standard' : 'unknown')

export const programsScreen = (programs: readonly Summary[]): string =>
  programs.length === 0
    ? 'no programs yet: `quern vprog deploy` begins one'
    : table(
        ['COVENANT', 'PROOF', 'STATE', 'SETTLED IN'],
        programs.map((one) => [
          one.id,
          systemOf(one),
          one.state === null ? '-' : short(one.state.state),
          one.last_settlement === null ? '-' : String(one.last_settlement.height),
        ]),
      )
