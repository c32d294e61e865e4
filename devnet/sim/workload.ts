/**
 * The users of a run: transfers, stake that comes and goes, workers with real results. They send to whatever node is up, and
 * send again what got lost. Nothing they do ever takes power from the honest validators of genesis: with more than a third
 * of it byzantine no run would prove anything.
 */
import secp256k1 from 'secp256k1'
import type { BlsScheme } from '../../core/bls.ts'
import { type Address, bytesToBigInt, EMPTY_BYTES, hexKey } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { computeSeed } from '../../vm/compute/seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, wins } from '../../vm/compute/ticket.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import { epochOf } from '../../vm/params.ts'
import { delegations, epochs, validators } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import { proofOfPossessionBytes } from '../../vm/statement.ts'
import { encodeEnvelope, signingHash } from '../../vm/transaction/envelope.ts'
import type { EnvelopeFields } from '../../vm/transaction/format.ts'
import type { Action } from '../../vm/transaction/types.ts'
import { FIRST_USER, JOINER, USERS } from './genesis.ts'
import { type SimKey, simKey } from './keys.ts'
import type { Plan } from './plan.ts'

export interface WorkloadModules {
  readonly plan: Plan
  readonly random: Random
  readonly scheme: BlsScheme
  readonly kernel: TileKernel
  /** A node that takes transactions now. */
  node(): ChainNode | undefined
}

const MATRIX_SIZE = 256
/** A run's chain is some fifty blocks: after this many transactions all kinds have been in it, and signing is dear. */
const MAX_TRANSACTIONS = 120
/** Attempts are not counted: at the least difficulty one tile in 64 wins, and an attempt has 256. */
const MAX_TILES = 1_024

type Draw = (node: ChainNode, state: StateReader) => { readonly from: SimKey; readonly action: Action } | undefined

export class Workload {
  readonly #modules: WorkloadModules
  /** Honest, and healed with the rest: what is staked with them helps. */
  readonly #trusted: readonly Address[]
  readonly #draws: readonly (readonly [weight: number, draw: Draw])[]
  /** Tiles of a seed that were looked at, so that nobody claims one twice. */
  readonly #searched = new Map<string, number>()
  submitted = 0
  refused = 0

  constructor(modules: WorkloadModules) {
    this.#modules = modules
    const { byzantine, outside, stakesWei } = modules.plan
    const trusted = [...stakesWei.keys()].filter((i) => !byzantine.has(i) && !outside.has(i))
    this.#trusted = trusted.map((i) => simKey(i).address)
    this.#draws = [
      [30, this.#transfer],
      [16, this.#delegate],
      [8, this.#undelegate],
      [10, this.#claim],
      [6, this.#addStake],
      [4, this.#leave],
      [8, this.#openToWorkers],
      [6, this.#register],
      [9, this.#result],
      [2, this.#unjail],
    ]
  }

  /** One more transaction, if there is a node to take it. */
  async send(): Promise<void> {
    const node = this.#modules.node()
    const state = node?.stateAt(node.finalized().height)
    if (node === undefined || state === undefined || this.submitted + this.refused >= MAX_TRANSACTIONS) return
    const drawn = this.#join(state) ?? this.#draw()(node, state)
    if (drawn === undefined) return
    const { plan, random } = this.#modules
    const fields: EnvelopeFields = {
      type: 'native',
      chainId: plan.params.chainId,
      nonce: node.pool().pendingNonce(drawn.from.address),
      maxPriorityFeePerGas: BigInt(random.below(3)),
      maxFeePerGas: 1_000_000n,
      gasLimit: intrinsicGas(drawn.action),
      action: drawn.action,
    }
    const answer = await node.submit(signed(fields, drawn.from.privateKey))
    if (answer.ok) this.submitted++
    else this.refused++
  }

  #draw(): Draw {
    const { random } = this.#modules
    let left = random.below(this.#draws.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, draw] of this.#draws) {
      left -= weight
      if (left < 0) return draw
    }
    return this.#transfer
  }

  #user(): SimKey {
    return simKey(FIRST_USER + this.#modules.random.below(USERS))
  }

  /** From a smallest part up to some units. */
  #amountWei(): bigint {
    const { plan, random } = this.#modules
    const amount = BigInt(random.between(1, 3))
    return plan.unitWei === 1n ? amount : (plan.unitWei * amount) / 2n
  }

  /** The joiner's registration comes first, until it is final. */
  #join(state: StateReader): ReturnType<Draw> {
    const { plan, random, scheme } = this.#modules
    const key = simKey(JOINER)
    if (!plan.hasJoiner || random.chance(0.7) || readRecord(state, validators, key.address) !== undefined)
      return undefined
    const blsPublicKey = scheme.publicKey(key.blsSecretKey)
    const proofOfPossession = scheme.sign(
      key.blsSecretKey,
      proofOfPossessionBytes(plan.params.chainId, key.address, blsPublicKey),
    )
    const amount = plan.unitWei * 2n
    return { from: key, action: { kind: 'STAKE', amount, registration: { blsPublicKey, proofOfPossession } } }
  }

  readonly #transfer: Draw = () => ({
    from: this.#user(),
    action: { kind: 'TRANSFER', to: this.#user().address, value: WEI_PER_CPC, memo: EMPTY_BYTES },
  })

  readonly #delegate: Draw = () => {
    const validator = this.#modules.random.pick(this.#trusted)
    return { from: this.#user(), action: { kind: 'DELEGATE', validator, amount: this.#amountWei() } }
  }

  readonly #undelegate: Draw = (_, state) => {
    const from = this.#user()
    for (const validator of this.#trusted) {
      const held = readRecord(state, delegations, { validator, delegator: from.address })
      if (held === undefined || held.shares === 0n) continue
      const shares = this.#modules.random.chance(0.5) ? held.shares : (held.shares + 1n) / 2n
      return { from, action: { kind: 'UNDELEGATE', validator, shares } }
    }
    return undefined
  }

  readonly #claim: Draw = (node) => {
    const { random, plan } = this.#modules
    const validator = random.pick(this.#trusted)
    const epoch = node.finalized().epoch - plan.params.unbondingEpochs - random.below(2)
    const positions = epoch < 0 ? [{ validator }] : [{ validator }, { validator, epoch }]
    return { from: random.chance(0.5) ? this.#user() : simKey(JOINER), action: { kind: 'CLAIM', positions } }
  }

  readonly #addStake: Draw = (_, state) => {
    const { random, plan } = this.#modules
    const index = random.pick([...plan.stakesWei.keys()].filter((i) => !plan.byzantine.has(i) && !plan.outside.has(i)))
    const from = simKey(index)
    if (readRecord(state, validators, from.address) === undefined) return undefined
    return { from, action: { kind: 'STAKE', amount: this.#amountWei() } }
  }

  /** Byzantine validators take their stake and go, or try to before they are found out; the joiner may go as well. */
  readonly #leave: Draw = (node, state) => {
    const { random, plan } = this.#modules
    const from = simKey(random.pick([...plan.byzantine.keys(), JOINER]))
    const key = { validator: from.address, delegator: from.address }
    const held = readRecord(state, delegations, key)
    const validator = readRecord(state, validators, from.address)
    if (held === undefined || validator === undefined || held.shares === 0n || node.finalized().epoch < 2)
      return undefined
    const amount = (held.shares * validator.tokens) / validator.shares
    return amount === 0n ? undefined : { from, action: { kind: 'UNSTAKE', amount } }
  }

  readonly #openToWorkers: Draw = () => {
    const index = this.#modules.random.pick([...this.#modules.plan.stakesWei.keys()])
    const commissionBps = this.#modules.random.below(500)
    const texts = { name: `v${index}`, website: '', description: '' }
    return { from: simKey(index), action: { kind: 'UPDATE_VALIDATOR', ...texts, commissionBps, openToWorkers: true } }
  }

  readonly #register: Draw = () => ({
    from: this.#user(),
    action: { kind: 'REGISTER_WORKER', validator: this.#modules.random.pick(this.#trusted), profile: '' },
  })

  readonly #unjail: Draw = () => ({
    from: simKey(this.#modules.random.below(this.#modules.plan.stakesWei.length)),
    action: { kind: 'UNJAIL' },
  })

  /** Plays the lottery on the node's newest final block. */
  readonly #result: Draw = (node, state) => {
    const { plan, kernel } = this.#modules
    const worker = this.#user()
    const { height, hash } = node.finalized()
    const seed = computeSeed(hash, worker.address)
    const difficulty = readRecord(state, epochs, epochOf(height, plan.params))?.difficultyMacs
    if (height === 0 || difficulty === undefined) return undefined
    const target = targetOf(MATRIX_SIZE, difficulty)
    const id = hexKey(seed)
    const tiles = tileCount(MATRIX_SIZE)
    for (let index = this.#searched.get(id) ?? 0; index < MAX_TILES; index++) {
      const ref = { attempt: Math.floor(index / tiles), tile: index % tiles }
      const resultHash = ticketOfTile(kernel, seed, MATRIX_SIZE, ref)
      if (!wins(resultHash, target)) continue
      this.#searched.set(id, index + 1)
      const result = {
        taskId: taskIdOf(seed, MATRIX_SIZE, ref.attempt),
        workerAddress: worker.address,
        resultHash,
        proof: undefined,
        nonce: packNonce(ref),
        signature: undefined,
      }
      const action = {
        kind: 'SUBMIT_RESULT',
        challengeType: 'synthetic',
        seedHeight: height,
        matrixSize: MATRIX_SIZE,
        result,
      } as const
      return { from: worker, action }
    }
    return undefined
  }
}

/** By the native library alone: a run signs a hundred transactions, which takes the portable one a fifth of the run. */
function signed(fields: EnvelopeFields, privateKey: Uint8Array): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(signingHash(fields), privateKey)
  return encodeEnvelope(fields, {
    r: bytesToBigInt(signature.subarray(0, 32)),
    s: bytesToBigInt(signature.subarray(32)),
    yParity: recid === 1 ? 1 : 0,
  })
}
