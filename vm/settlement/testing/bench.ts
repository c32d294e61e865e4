/** A covenant in a state of its own: transactions are spent through it one after another, or only asked about. */
import { hexKey, ZERO_HASH } from '../../../core/bytes.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import { type SpendContext, spend } from '../../covenant/spend.ts'
import { outputs } from '../../covenant/tables.ts'
import { MoneyStateForTests } from '../../covenant/testing/money-state.ts'
import type { CovenantBody } from '../../covenant/types.ts'
import { accountUtxo, kipTransaction } from '../../covenant/view.ts'
import { transactionId } from '../../kip/hashing.ts'
import type { Outpoint } from '../../kip/types.ts'
import { covenantContext } from '../../script/covenants.ts'
import { runInput } from '../../script/engine.ts'
import { accountOf, setAccount } from '../../state/account.ts'
import { developmentKeyOf } from '../../zk/development.ts'
import { type ProofVerifier, proofVerifier } from '../../zk/verify.ts'
import { conditionAt } from '../conditions.ts'
import type { CovenantState, Program, ProofSystem } from '../covenant.ts'
import { depositHash } from '../delegate.ts'
import type { SettlementJournal } from '../journal.ts'
import { pushedItems } from '../pushes.ts'
import { type CovenantOutput, deployment } from '../transactions.ts'

export const SENDER = new Uint8Array(20).fill(7)
export const DEVELOPMENT_SECRET = new Uint8Array(32).fill(3)
export const VALUE = 1_000n
const HEIGHT = 100

export const hashOf = (seed: number) => new Uint8Array(32).fill(seed)

export const START: CovenantState = { laneTip: hashOf(11), state: hashOf(12), laneKey: hashOf(13) }

export const program = (proof: ProofSystem): Program => ({
  txImageId: hashOf(21),
  batchImageId: hashOf(22),
  imageId: hashOf(23),
  proof,
})

/** The one block in the window, and its commitment. */
export const BLOCK = hashOf(31)
export const COMMITMENT = hashOf(32)

export function covenantBench(proof: ProofSystem = { kind: 'development' }, proofs?: ProofVerifier) {
  const money = new MoneyStateForTests()
  setAccount(money.view, SENDER, { nonce: 0, balance: 1_000n * WEI_PER_CPC })
  money.settleGenesis()
  let nonce = 0
  const rules = {
    seqCommitOf: (block: Uint8Array) => (hexKey(block) === hexKey(BLOCK) ? COMMITMENT : undefined),
    proofs: proofs ?? proofVerifier({ developmentKey: developmentKeyOf(DEVELOPMENT_SECRET) }),
  }
  const context = (): SpendContext => ({
    ...{ state: money.view, sender: SENDER, nonce, height: HEIGHT, timestampMs: 1_700_000_000_000 },
    ...{ gramLimit: 1_000_000, reservedWei: 0n, ...rules },
  })

  const run = (body: CovenantBody) => {
    const { failure, transaction, gramUsed } = spend(body, context())
    if (failure === undefined) money.settle()
    nonce++
    const txId = transactionId(transaction)
    return { code: failure?.code ?? 'ok', gramUsed, at: (index: number): Outpoint => ({ txId, index }) }
  }

  /** `ok`, or by which input and demand the scripts refuse; nothing is spent. */
  const verdict = (body: CovenantBody): string => {
    const transaction = kipTransaction(body, SENDER, nonce)
    const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)
    const spent = body.inputs.map(({ outpoint }) => money.view.get(outputs, outpoint)!)
    const added = sum(body.outputs.map(({ value }) => value)) - sum(spent.map(({ grains }) => grains))
    const utxos = [
      ...spent.map(({ grains, spk, covenantId }) => ({
        ...{ amount: grains, spk, daaScore: BigInt(HEIGHT), isCoinbase: false },
        ...(covenantId === undefined ? {} : { covenantId }),
      })),
      accountUtxo(added > 0n ? added : 0n, HEIGHT),
    ]
    const covenants = covenantContext(transaction, utxos)
    if (!covenants.ok) return covenants.error.code
    for (const [inputIndex, { signatureScript }] of body.inputs.entries()) {
      const outcome = runInput({
        ...{ transaction, utxos, inputIndex, covenants: covenants.value, unitLimit: 100_000_000, ...rules },
      })
      if (outcome.ok) continue
      const { code, at } = outcome.error
      const redeem = pushedItems(signatureScript).at(-1) ?? new Uint8Array(0)
      const demand = at?.script === 'redeem' ? conditionAt(redeem, at.offset) : undefined
      return `${inputIndex}: ${code}${demand === undefined ? '' : `: ${demand}`}`
    }
    return 'ok'
  }

  const deployed = deployment({ sender: SENDER, nonce, grains: VALUE, state: START, program: program(proof) })
  const genesis = run(deployed.body)
  const covenant: CovenantOutput = {
    ...{ outpoint: genesis.at(0), grains: VALUE, covenantId: deployed.covenantId, redeem: deployed.redeem },
  }
  return {
    ...{ money, run, verdict, covenant, genesisCode: genesis.code },
    balance: () => accountOf(money.view, SENDER).balance,
    nonce: () => nonce,
  }
}

/** From `state` on, with deposits and without exits. */
export const journalFrom = (
  covenantId: Uint8Array,
  { laneTip, state, laneKey }: CovenantState,
  over: Partial<SettlementJournal> = {},
): SettlementJournal => ({
  prevState: state,
  prevLaneTip: laneTip,
  newState: hashOf(state[0]! + 50),
  newLaneTip: hashOf(laneTip[0]! + 100),
  newSeqCommit: COMMITMENT,
  covenantId,
  txImageId: hashOf(21),
  batchImageId: hashOf(22),
  permissionHash: ZERO_HASH,
  depositHash: depositHash(covenantId),
  laneKey,
  ...over,
})
