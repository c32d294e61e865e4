import { fromHex, toHex } from '../../../core/bytes.ts'
import { defineMethod, optional, type Static, Type } from '../method.ts'
import { Hash32, Nullable } from '../schema.ts'
import { CovenantChain } from '../vprog/covenant-chain.ts'
import { CovenantSummary, summaryJson } from '../vprog/covenant-summary.ts'
import { exampleSummary } from '../vprog/examples.ts'
import { PageLimit } from '../vprog/page.ts'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
const Options = Type.Object(
  { after: Type.Optional(Hash32), limit: Type.Optional(PageLimit(MAX_LIMIT)) },
  { additionalProperties: false, description: '{after, limit}' },
)

export const vprog_listPrograms = defineMethod({
  name: 'vprog_listPrograms',
  summary:
    `The covenants of this chain by ascending id, ${DEFAULT_LIMIT} to a page (limit: at most ${MAX_LIMIT}), those that are ` +
    'over too. Standard ones with their program, where it stands at the tip, and their newest settlement. `next` goes ' +
    'into `after` for the next page; null at the end.',
  params: [optional('options', Options)],
  result: Type.Object(
    { programs: Type.Array(CovenantSummary), next: Nullable(Hash32) },
    { additionalProperties: false },
  ),
  example: { params: [{ limit: 1 }], result: { programs: [exampleSummary], next: exampleSummary.id } },
  handler: async ({ node }, options) => {
    const { after, limit = DEFAULT_LIMIT } = options ?? {}
    const ids = await node.vprogs.covenantIds(after === undefined ? undefined : fromHex(after), limit)
    const programs: Static<typeof CovenantSummary>[] = []
    for (const id of ids) {
      // One to each: what it looked up is of no use to the next.
      const chain = new CovenantChain(node)
      const record = chain.record(id)
      if (record !== undefined) programs.push(await summaryJson(chain, id, record))
    }
    const last = ids.length < limit ? undefined : ids.at(-1)
    return { programs, next: last === undefined ? null : toHex(last) }
  },
})
