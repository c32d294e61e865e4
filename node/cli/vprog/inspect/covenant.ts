/** One program on one screen: where it stands, what it holds, and what waits to be claimed. */
import { fromHex } from '../../../../core/bytes.ts'
import { fields, table } from '../../output.ts'
import type { RpcClient } from '../../rpc-client.ts'
import { cpcOfGrains, describeScript } from '../arguments.ts'
import { bundleViews, type CovenantView, waitingGrains } from '../covenant.ts'
import { depositsOf } from '../deposits.ts'
import { systemOf } from './programs.ts'

/** Settlements counted: a page of `vprog_getSettlements` at most. */
const PAGE = 100

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

interface SettlementView {
  readonly height: number
  readonly new_state: string
  readonly height_proved: number | null
  readonly transaction_hash: string
}

export interface CovenantReport extends CovenantView {
  readonly settlements: readonly SettlementView[]
  readonly settlements_complete: boolean
  readonly deposits: { readonly count: number; readonly grains: bigint } | null
}

/** Undefined where there is no such covenant. */
export async function covenantReport(client: RpcClient, id: string): Promise<CovenantReport | undefined> {
  const view = await client.call<CovenantView | null>('vprog_getCovenant', [id])
  if (view === null) return undefined
  if (view.standard !== true) return { ...view, settlements: [], settlements_complete: false, deposits: null }
  const [page, deposits] = await Promise.all([
    client.call<{ settlements: readonly SettlementView[]; next: string | null }>('vprog_getSettlements', [
      id,
      { limit: PAGE },
    ]),
    depositsOf(client, fromHex(id)),
  ])
  return {
    ...view,
    settlements: page.settlements,
    settlements_complete: page.next === null,
    deposits: { count: deposits.length, grains: sum(deposits.map(({ grains }) => grains)) },
  }
}

function warningOf({ standard, outputs_complete }: CovenantView): string[] {
  if (standard === false) {
    return [
      'WARNING: this is not the standard id of its genesis output. Other outputs of the same id may follow other',
    ].concat('rules, and open its deposits: pay nothing into it.')
  }
  const warnings =
    standard === null
      ? ['Nothing here shows what it began with, so it may not be a standard one: ask an archive node.']
      : []
  return outputs_complete ? warnings : [...warnings, 'Some of its outputs are too far back to be shown.']
}

function bundleLines(view: CovenantView): string[] {
  return bundleViews(view).flatMap(({ outpoint, bundle }) => {
    const head = `exits in ${outpoint}:`
    if (bundle?.exits == null) return [head, `  ${bundle?.unclaimed ?? '?'} left, which the chain does not show`]
    const rows = bundle.exits.map(({ script, grains }, i) => [
      `  ${i}`,
      BigInt(grains) === 0n ? 'claimed' : cpcOfGrains(BigInt(grains)),
      describeScript(fromHex(script)),
    ])
    return [head, table(['  EXIT', 'LEFT', 'TO'], rows)]
  })
}

export function covenantScreen(report: CovenantReport): string {
  const { program, state, deposits, settlements } = report
  const value = report.outputs.find(({ role }) => role === 'state')?.grains
  const waiting = sum(bundleViews(report).map(waitingGrains))
  const last = settlements.at(-1)
  const screen = fields([
    ['covenant', report.id],
    ['program', program === null ? systemOf(report) : `${program.proof_system}, image ${program.image_id}`],
    ['state', state?.state],
    ['lane', state === null ? undefined : (report.lane_id?.slice(0, 10) ?? `key ${state.lane_key}`)],
    ['holds', value === undefined ? undefined : cpcOfGrains(BigInt(value))],
    ['began', `block ${report.genesis.height}`],
    ['outputs', report.live_outputs],
    [
      'settlements',
      last === undefined
        ? settlements.length
        : `${settlements.length}${report.settlements_complete ? '' : ' and more'}, up to block ${last.height_proved ?? '?'}`,
    ],
    ['deposits', deposits === null ? undefined : `${deposits.count}, together ${cpcOfGrains(deposits.grains)}`],
    ['exits', waiting === 0n ? 'none wait' : `${cpcOfGrains(waiting)} wait`],
  ])
  return [screen, ...bundleLines(report), ...warningOf(report)].join('\n')
}
