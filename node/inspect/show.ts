/** An inspection as one screen of text. */
import { cpc, fields, table } from '../cli/output.ts'
import type {
  AddressInspection,
  BlockInspection,
  Inspection,
  TransactionInspection,
  TransactionLine,
  Vote,
} from './types.ts'

/** Rows of a list that fit on a screen; the rest is counted. `--json` has them all. */
const MAX_ROWS = 20
const SHORT_HASH = 12

const time = (timestampMs: number): string => new Date(timestampMs).toISOString()
const short = (text: string): string => (text.length > SHORT_HASH ? `${text.slice(0, SHORT_HASH)}…` : text)
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const verdict = (ok: boolean): string => (ok ? 'yes' : 'NO')
const section = (title: string, body: string): string => `\n${title}\n${body}`

function rowsOf<T>(list: readonly T[], show: (part: readonly T[]) => string): string {
  const more = list.length - MAX_ROWS
  const shown = show(list.slice(0, MAX_ROWS))
  return more > 0 ? `${shown}\n... and ${more} more: see --json` : shown
}

const outcome = ({ status, error }: TransactionLine): string => (status === 1 ? 'done' : (error ?? 'failed'))

const transactionTable = (
  lines: readonly TransactionLine[],
  first: readonly string[],
  cells: (i: number) => string[],
) =>
  table(
    [...first, 'HASH', 'KIND', 'FROM', 'TO', 'VALUE', 'FEE', 'OUTCOME'],
    lines.map((line, i) => [
      ...cells(i),
      short(line.hash),
      line.kind,
      short(line.from),
      short(line.to ?? ''),
      cpc(line.value),
      cpc(line.fee),
      outcome(line),
    ]),
  )

const voteText = ({ kind, view, signed, missing, power_share }: Vote): string =>
  `${kind} in view ${view}: ${signed.length} of ${signed.length + missing.length}, ${percent(power_share)} of the power` +
  (missing.length === 0 ? '' : `; missing ${missing.map(short).join(', ')}`)

function showBlock({ header, final, votes, transactions, results, rewards, steps, checks }: BlockInspection): string {
  const fees = transactions.reduce((sum, { fee }) => sum + BigInt(fee), 0n)
  const parts = [
    fields([
      ['block', `${header.height} (${final ? 'final' : 'not final yet'})`],
      ['hash', header.hash],
      ['parent', header.parent_hash],
      ['time', time(header.timestamp_ms)],
      ['epoch, view', `${header.epoch}, ${header.view}`],
      ['leader', header.proposer],
      ['gas', `${header.gas_used} of ${header.gas_limit} (${percent(header.gas_used / header.gas_limit)})`],
      ['base fee', `${header.base_fee_per_gas} wei`],
      ['difficulty', `${header.difficulty} MACs`],
      ['state root', header.state_root],
      ['compute root', header.compute_root === '' ? 'none' : header.compute_root],
    ]),
    section(
      'VOTES',
      votes === null ? 'the set of this epoch is no longer here' : votes.map(voteText).join('\n') || 'none',
    ),
  ]
  if (transactions.length > 0) {
    const body = rowsOf(transactions, (part) => transactionTable(part, ['#'], (i) => [String(part[i]!.index)]))
    parts.push(section(`TRANSACTIONS: ${transactions.length}, fees ${cpc(fees)}`, body))
  }
  if (results.length > 0) {
    const body = rowsOf(results, (part) =>
      table(
        ['WORKER', 'TICKET', 'TASK'],
        part.map(({ worker_address, result_hash, task_id }) => [worker_address, short(result_hash), task_id]),
      ),
    )
    parts.push(section(`RESULTS: ${results.length}`, body))
  }
  if (rewards !== null) {
    const { leader, voters } = rewards
    const toVoters = voters.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
    parts.push(
      section(
        'REWARDS',
        fields([
          ['minted', `${cpc(rewards.minted)} of ${cpc(rewards.emission)}`],
          ['leader', `${cpc(leader.amount)}, priority fees ${cpc(leader.priority_fees)}`],
          ['voters', `${cpc(toVoters)} to ${voters.length}`],
          ['workers', `${cpc(rewards.worker_pool)} into the epoch's pool`],
          ['burned', cpc(rewards.burned_fees)],
        ]),
      ),
    )
  }
  if (steps !== null) {
    const written = (step: keyof typeof steps): string =>
      `${steps[step].accesses.filter((access) => access.written).length} records written, ${steps[step].accesses.length} read`
    parts.push(
      section(
        'BESIDES THE TRANSACTIONS',
        fields([
          ['before', written('begin')],
          ['after', written('end')],
        ]),
      ),
    )
  }
  parts.push(section('CHECKS', fields(checks.map(({ check, ok }) => [check, verdict(ok)]))))
  return parts.join('\n')
}

function showTransaction({ transaction, place, line, trace }: TransactionInspection): string {
  const where =
    place === null ? 'waiting in the mempool' : `block ${place.height}, ${place.final ? 'final' : 'not final yet'}`
  const parts = [
    fields([
      ['transaction', String(transaction.hash)],
      ['where', line === null ? where : `${where}, place ${line.index}`],
      ['outcome', line === null ? undefined : outcome(line)],
      ['kind', line?.kind],
      ['from', line?.from ?? String(transaction.from)],
      ['to', line?.to ?? undefined],
      ['value', cpc(BigInt(String(transaction.value)))],
      ['nonce', Number(transaction.nonce)],
      ['fee', line === null ? undefined : `${cpc(line.fee)} for ${line.gas_used} gas`],
    ]),
  ]
  if (line !== null && trace === null) parts.push('\nno trace: the state before its block is no longer here')
  if (trace !== null) {
    const { gas, compute } = trace
    parts.push(section('GAS', fields(gas.steps.map(({ step, gas: used }) => [step, used]))))
    const steps = [
      ['charge', trace.charge],
      ['action', trace.action],
    ] as const
    const effects = steps.flatMap(([name, step]) => step.effects.map((effect) => ({ name, ...effect })))
    if (effects.length > 0) {
      const body = rowsOf(effects, (part) =>
        table(
          ['STEP', 'TABLE', 'KEY', 'CHANGE', 'OF'],
          part.map((e) => [e.name, e.table, keyText(e.key), cpc(e.change), e.category]),
        ),
      )
      parts.push(section('MONEY', body))
    }
    const written = steps.flatMap(([name, step]) =>
      step.accesses.flatMap((access) => ('after' in access ? [{ name, ...access }] : [])),
    )
    const body = rowsOf(written, (part) =>
      table(
        ['STEP', 'TABLE', 'KEY', 'BEFORE', 'AFTER'],
        part.map((w) => [w.name, w.table, keyText(w.key), recordText(w.before), recordText(w.after)]),
      ),
    )
    parts.push(section('RECORDS WRITTEN', body))
    if (compute !== null) {
      const failed = compute.checks.find(({ passed }) => !passed)
      parts.push(
        section(
          'COMPUTE CHECK',
          fields([
            ['verdict', failed === undefined ? compute.verdict : `${compute.verdict} by the check of ${failed.check}`],
            ['matrix', `${compute.matrix_size} x ${compute.matrix_size}, seed height ${compute.seed_height}`],
            ['attempt, tile', `${compute.attempt}, ${compute.tile}`],
            ['claimed', compute.claimed ?? ''],
            ['ticket', compute.ticket ?? ''],
            ['target', compute.target ?? ''],
            ['difficulty', compute.difficulty_macs === null ? undefined : `${compute.difficulty_macs} MACs`],
          ]),
        ),
      )
    }
  }
  return parts.join('\n')
}

const MAX_CELL = 48
const clipped = (text: string): string => (text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text)
const keyText = (key: unknown): string =>
  clipped(typeof key === 'string' ? key : key === null ? '' : JSON.stringify(key))
const recordText = (record: unknown): string => clipped(record === null ? 'none' : JSON.stringify(record))

function showAddress(inspection: AddressInspection): string {
  const { address, hex_address, height, balance, nonce, validator, positions, worker, activity } = inspection
  const parts = [
    fields([
      ['address', address],
      ['', hex_address],
      ['balance', `${cpc(balance)} after block ${height}`],
      ['nonce', nonce],
    ]),
  ]
  if (validator !== null) {
    parts.push(
      section(
        'VALIDATOR',
        fields([
          ['name', String(validator.name)],
          ['status', String(validator.status)],
          ['bonded', cpc(String(validator.tokens))],
          ['commission', `${Number(validator.commission_bps) / 100} %`],
          ['rewards owed', cpc(String(validator.rewards_owed))],
          [
            'views',
            `${validator.proposed_views ?? 0} led, ${validator.missed_views ?? 0} missed in epoch ${validator.epoch}`,
          ],
        ]),
      ),
    )
  }
  if (positions.length > 0) {
    const rows = positions.map((p) => [p.validator, cpc(p.tokens), cpc(p.claimable)])
    parts.push(section('STAKE', table(['VALIDATOR', 'BONDED', 'CLAIMABLE'], rows)))
    const unbonding = positions.flatMap((p) =>
      p.unbonding.map((u) => [p.validator, cpc(u.amount), `epoch ${u.matures_epoch}`]),
    )
    if (unbonding.length > 0) parts.push(section('UNBONDING', table(['VALIDATOR', 'AMOUNT', 'CLAIM FROM'], unbonding)))
  }
  if (worker !== null) {
    parts.push(
      section(
        'WORKER',
        fields([
          ['results', Number(worker.results)],
          ['work', `${worker.work_macs} MACs`],
          ['paid', cpc(String(worker.paid))],
          ['works for', worker.validator === null ? 'no validator' : String(worker.validator)],
        ]),
      ),
    )
  }
  const { transactions, from, to } = activity
  const body =
    transactions.length === 0
      ? 'none'
      : rowsOf(transactions, (part) => transactionTable(part, ['BLOCK'], (i) => [String(part[i]!.height)]))
  parts.push(section(`TRANSACTIONS of blocks ${from} to ${to}`, body))
  return parts.join('\n')
}

export function show(inspection: Inspection): string {
  switch (inspection.type) {
    case 'block':
      return showBlock(inspection)
    case 'transaction':
      return showTransaction(inspection)
    case 'address':
      return showAddress(inspection)
  }
}
