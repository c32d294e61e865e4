/** One transaction of kind 16 or 17 on one screen. */
import { toHex } from '../../../../core/bytes.ts'
import { SettlementError } from '../../../../vm/settlement/errors.ts'
import { decodeClaim } from '../../../../vm/settlement/permission.ts'
import { decodeSettlement } from '../../../../vm/settlement/signature-script.ts'
import { fields, table } from '../../output.ts'
import type { RpcClient } from '../../rpc-client.ts'
import { cpcOfGrains, describeScript } from '../arguments.ts'
import { shownTransaction } from '../transaction.ts'
import { short } from './programs.ts'

export async function transactionReport(client: RpcClient, hash: string) {
  const { body, txId, height } = await shownTransaction(client, hash)
  const [first] = body.inputs
  return {
    hash,
    txId: toHex(txId),
    height,
    laneId: body.laneId === undefined ? null : toHex(body.laneId),
    payloadBytes: body.payload.length,
    what: first === undefined ? null : whatItDid(first.signatureScript),
    inputs: body.inputs.map(({ outpoint }) => `${toHex(outpoint.txId)}:${outpoint.index}`),
    outputs: body.outputs.map(({ value, spk, binding }) => ({
      grains: value,
      pays: describeScript(spk.script),
      covenantId: binding === undefined ? null : toHex(binding.covenantId),
    })),
  }
}

/** Of a transaction of a standard covenant, by the script that it opens first. */
function whatItDid(signatureScript: Uint8Array): string | null {
  const readers = [
    () => `settles: next state ${toHex(decodeSettlement(signatureScript).newState)}`,
    () => {
      const { deduct, script } = decodeClaim(signatureScript)
      return `claims ${cpcOfGrains(deduct)} for ${describeScript(script)}`
    },
  ]
  for (const read of readers) {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof SettlementError)) throw error
    }
  }
  return null
}

export const transactionScreen = (report: Awaited<ReturnType<typeof transactionReport>>): string =>
  [
    fields([
      ['hash', report.hash],
      ['tx id', report.txId],
      ['block', report.height],
      ['lane', report.laneId?.slice(0, 10)],
      ['payload', `${report.payloadBytes} bytes`],
      ['what', report.what ?? undefined],
      ...report.inputs.map((input, i) => [`input ${i}`, input] as const),
    ]),
    ...(report.outputs.length === 0
      ? []
      : [
          table(
            ['OUTPUT', 'HOLDS', 'PAYS', 'COVENANT'],
            report.outputs.map(({ grains, pays, covenantId }, i) => [
              String(i),
              cpcOfGrains(grains),
              pays,
              covenantId === null ? '-' : short(covenantId),
            ]),
          ),
        ]),
  ].join('\n')
