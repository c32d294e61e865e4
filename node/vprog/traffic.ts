/**
 * What the users of simulated and made chains do with lanes and outputs: messages, outputs under simple locks, covenants that
 * begin, go on and end, deposits, and standard covenants that settle with the chain's development key. Most of it the chain
 * will do; a part is too early, too late, or wants what another user has spent.
 *
 * A function of its draws: what it knows of the chain is the state it is shown, and what it sent itself.
 */
import { EMPTY_BYTES, type Hash, u32be, u64be, utf8, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { Random } from '../../core/random.ts'
import { type OutputRecord, outputs as outputTable } from '../../vm/covenant/tables.ts'
import type { CovenantBody } from '../../vm/covenant/types.ts'
import { kipTransaction } from '../../vm/covenant/view.ts'
import { covenantId } from '../../vm/kip/covenant-id.ts'
import { blake2b256 } from '../../vm/kip/hashers.ts'
import { transactionId } from '../../vm/kip/hashing.ts'
import type { KipInput, KipOutput, Outpoint } from '../../vm/kip/types.ts'
import { laneKey } from '../../vm/lanes/hashing.ts'
import { scriptOf } from '../../vm/script/assembly.ts'
import { FINAL_SEQUENCE } from '../../vm/script/limits.ts'
import { OP } from '../../vm/script/opcodes.ts'
import { payToScript } from '../../vm/script/standard.ts'
import { decodeCovenantScript, type Program } from '../../vm/settlement/covenant.ts'
import { depositHash } from '../../vm/settlement/delegate.ts'
import { developmentSettlement } from '../../vm/settlement/development.ts'
import { deployment, depositOutput, nextRedeem } from '../../vm/settlement/transactions.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import type { Action } from '../../vm/transaction/types.ts'
import { signDevelopment } from '../../vm/zk/development.ts'
import { ZK_TAG } from '../../vm/zk/operands.ts'

/** A transaction of kind 16 or 17. */
export type VprogAction = Extract<Action, { readonly kind: 'LANE' | 'COVENANT' }>

/** Where the next transaction goes. */
export interface VprogScene {
  readonly state: StateReader
  /** Of the block that may take it. */
  readonly height: number
  /** An ancestor within the lane window, whose commitment a settlement names. */
  readonly block: { readonly hash: Hash; readonly seqCommit: Hash } | undefined
  readonly sender: { readonly address: Uint8Array; readonly nonce: number }
}

/** Gram that a transaction with inputs offers: the standard covenant's script and its proof take about a tenth. */
export const VPROG_GRAM = 20_000

/** Outputs remembered; the oldest go first, and their money stays where it is. */
const MAX_HELD = 64
/** Outputs looked up for one draw. */
const MAX_LOOKS = 16
const LANES = 5
/** Above 1, as lane ids are. */
const FIRST_NAMESPACE = 0x51_00_00_00
const MAX_PAYLOAD_BYTES = 48
/** Value of a made output, in grains. */
const MAX_GRAINS_MADE = 100_000
const PROGRAM_GRAINS = 1_000n
/** Share of spends that name an output which may not be spent yet, and of those that name one which is gone. */
const EARLY = 0.1
const BLIND = 0.05

/** What opens it stands before its redeem script, bottom first. */
interface SimpleLock {
  readonly kind: 'anyone' | 'secret' | 'proof'
  readonly redeem: Uint8Array
  items(): readonly Uint8Array[]
}

/** A standard covenant is opened by settling it alone. */
type Lock = SimpleLock | { readonly kind: 'program'; readonly redeem: Uint8Array }

const isSimple = (lock: Lock): lock is SimpleLock => lock.kind !== 'program'

interface Held {
  readonly outpoint: Outpoint
  readonly lock: Lock
}

type Live = Held & OutputRecord

const WEIGHTS = [
  ['message', 30],
  ['make', 22],
  ['move', 28],
  ['deploy', 5],
  ['settle', 12],
  ['deposit', 6],
] as const
type Draw = (typeof WEIGHTS)[number][0]
const TOTAL_WEIGHT = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0)

const trafficLane = (index: number): Uint8Array =>
  new Uint8Array([...u32be(FIRST_NAMESPACE + index), ...new Uint8Array(16)])

const PROGRAM: Program = {
  txImageId: sha256(utf8('image of a transaction')),
  batchImageId: sha256(utf8('image of a batch')),
  imageId: sha256(utf8('image of the aggregate')),
  proof: { kind: 'development' },
}

const body = (over: Partial<CovenantBody>): CovenantBody => ({
  ...{ laneId: undefined, payload: EMPTY_BYTES, lockTime: 0n, inputs: [], outputs: [] },
  ...over,
})

const signatureScript = (lock: SimpleLock, items = lock.items()): Uint8Array => scriptOf(...items, lock.redeem)

export class VprogTraffic {
  readonly #random: Random
  readonly #secret: Uint8Array
  readonly #held: Held[] = []
  /** Ids of standard covenants that were deployed. */
  readonly #programs: Hash[] = []
  #serial = 0

  /** @param developmentSecret of the chain's development key: tag 0xdf */
  constructor(random: Random, developmentSecret: Uint8Array) {
    this.#random = random
    this.#secret = developmentSecret
  }

  /** Undefined: there is nothing to do that with now. */
  draw(scene: VprogScene): VprogAction | undefined {
    switch (this.#anyDraw()) {
      case 'message':
        return { kind: 'LANE', ...body({ laneId: this.#lane(), payload: this.#payload() }) }
      case 'make':
        return this.#make(scene)
      case 'move':
        return this.#move(scene)
      case 'deploy':
        return this.#deploy(scene)
      case 'settle':
        return this.#settle(scene)
      case 'deposit':
        return this.#deposit()
    }
  }

  /** Spends an output with a proof or a secret that is false. */
  drawFalse({ state }: VprogScene): VprogAction | undefined {
    const [held] = this.#live(state, ({ lock }) => lock.kind === 'secret' || lock.kind === 'proof')
    if (held === undefined || !isSimple(held.lock)) return undefined
    const items = held.lock.items().map((item) => item.map((byte, i) => (i === 7 ? byte ^ 1 : byte)))
    const inputs = [this.#input(held.outpoint, signatureScript(held.lock, items))]
    return { kind: 'COVENANT', ...body({ inputs }) }
  }

  #anyDraw(): Draw {
    let left = this.#random.below(TOTAL_WEIGHT)
    for (const [draw, weight] of WEIGHTS) {
      left -= weight
      if (left < 0) return draw
    }
    return 'message'
  }

  #lane = (): Uint8Array => trafficLane(this.#random.below(LANES))
  #payload = (): Uint8Array => sha256(u64be(this.#serial++)).subarray(0, this.#random.below(MAX_PAYLOAD_BYTES))

  #lock(): SimpleLock {
    const serial = u64be(this.#serial++)
    const kind = this.#random.pick(['anyone', 'secret', 'proof'] as const)
    switch (kind) {
      case 'anyone':
        return { kind, redeem: scriptOf(serial, OP.OpDrop, OP.OpTrue), items: () => [] }
      case 'secret': {
        const secret = sha256(utf8('secret'), serial)
        return { kind, redeem: scriptOf(OP.OpBlake2b, blake2b256(secret), OP.OpEqual), items: () => [secret] }
      }
      case 'proof': {
        const digest = sha256(utf8('journal'), serial)
        const redeem = scriptOf(digest, PROGRAM.imageId, Uint8Array.of(ZK_TAG.development), OP.OpZkPrecompile)
        return { kind, redeem, items: () => [signDevelopment(PROGRAM.imageId, digest, this.#secret)] }
      }
    }
  }

  #grains = (): bigint => BigInt(this.#random.between(1, MAX_GRAINS_MADE))

  /** In a lane or in none. */
  #action(given: Partial<CovenantBody>): VprogAction {
    if (this.#random.chance(0.6)) return { kind: 'COVENANT', ...body(given) }
    const kind = this.#random.pick(['LANE', 'COVENANT'] as const)
    return { kind, ...body({ ...given, laneId: this.#lane(), payload: this.#payload() }) }
  }

  #input = (outpoint: Outpoint, script: Uint8Array): KipInput => ({
    outpoint,
    signatureScript: script,
    sequence: this.#random.chance(EARLY) ? BigInt(this.#random.below(4)) : FINAL_SEQUENCE,
  })

  /** None where it takes more than its items to open it. */
  #opened = ({ outpoint, lock }: Held): KipInput[] =>
    isSimple(lock) ? [this.#input(outpoint, signatureScript(lock))] : []

  #remember(action: VprogAction, { sender }: VprogScene, locks: readonly Lock[]): VprogAction {
    const txId = transactionId(kipTransaction(action, sender.address, sender.nonce))
    this.#held.push(...locks.map((lock, index) => ({ outpoint: { txId, index }, lock })))
    this.#held.splice(0, Math.max(0, this.#held.length - MAX_HELD))
    return action
  }

  /** Some outputs that are there, in random order. */
  #live(state: StateReader, fits: (held: Held) => boolean): Live[] {
    return this.#random.sample(this.#held.filter(fits), MAX_LOOKS).flatMap((held) => {
      const record = readRecord(state, outputTable, held.outpoint)
      return record === undefined ? [] : [{ ...held, ...record }]
    })
  }

  /** Outputs from the sender's account, and now and then a covenant that begins with the first of them. */
  #make(scene: VprogScene): VprogAction {
    const locks = Array.from({ length: this.#random.between(1, 3) }, () => this.#lock())
    const made = locks.map(({ redeem }): KipOutput => ({ value: this.#grains(), spk: payToScript(redeem) }))
    const group = this.#random.chance(0.5) ? made.slice(0, this.#random.between(1, made.length)) : []
    const account = kipTransaction(body({}), scene.sender.address, scene.sender.nonce).inputs[0]!
    const id = covenantId(
      account.outpoint,
      group.map((output, i) => [i, output]),
    )
    const binding = { authorizingInput: 0, covenantId: id }
    const outputs = made.map((output, i) => (i < group.length ? { ...output, binding } : output))
    return this.#remember(this.#action({ outputs }), scene, locks)
  }

  /** Spends some; covenants go on or end; what is left over goes to the sender, and what is missing comes from there. */
  #move(scene: VprogScene): VprogAction | undefined {
    const { state, height } = scene
    const spent = this.#live(state, ({ lock }) => isSimple(lock)).slice(0, this.#random.between(1, 3))
    if (spent.length === 0) return undefined
    const inputs = spent.flatMap((held) => this.#opened(held))
    const isGone = ({ outpoint }: Held): boolean => readRecord(state, outputTable, outpoint) === undefined
    const gone = this.#random.chance(BLIND) ? this.#held.find(isGone) : undefined
    if (gone !== undefined) inputs.push(...this.#opened(gone))
    const locks: Lock[] = []
    const outputs: KipOutput[] = []
    for (const [authorizingInput, { covenantId: id }] of spent.entries()) {
      for (let copies = this.#random.below(3); copies > 0; copies--) {
        const lock = this.#lock()
        const isBound = id !== undefined && this.#random.chance(0.8)
        locks.push(lock)
        outputs.push({
          ...{ value: this.#grains(), spk: payToScript(lock.redeem) },
          ...(isBound ? { binding: { authorizingInput, covenantId: id } } : {}),
        })
      }
    }
    const lockTime = this.#random.chance(EARLY) ? BigInt(height + this.#random.between(-2, 2)) : 0n
    return this.#remember(this.#action({ inputs, outputs, lockTime }), scene, locks)
  }

  #deploy(scene: VprogScene): VprogAction {
    const state = { laneTip: ZERO_HASH, state: sha256(u64be(this.#serial++)), laneKey: laneKey(this.#lane()) }
    const { address: sender, nonce } = scene.sender
    const deployed = deployment({ sender, nonce, grains: PROGRAM_GRAINS, state, program: PROGRAM })
    this.#programs.push(deployed.covenantId)
    return this.#remember({ kind: 'COVENANT', ...deployed.body }, scene, [{ kind: 'program', redeem: deployed.redeem }])
  }

  /** To a new state and lane tip: L1 takes the prover's word for both. */
  #settle(scene: VprogScene): VprogAction | undefined {
    const [covenant] = this.#live(scene.state, ({ lock }) => lock.kind === 'program')
    if (covenant?.covenantId === undefined || scene.block === undefined) return undefined
    const { redeem } = covenant.lock
    const { state, laneTip, laneKey: key, program } = decodeCovenantScript(redeem)
    const id = covenant.covenantId
    const serial = u64be(this.#serial++)
    const journal = {
      prevState: state,
      prevLaneTip: laneTip,
      newState: sha256(utf8('state'), serial),
      newLaneTip: sha256(utf8('tip'), serial),
      newSeqCommit: scene.block.seqCommit,
      covenantId: id,
      txImageId: program.txImageId,
      batchImageId: program.batchImageId,
      permissionHash: ZERO_HASH,
      depositHash: this.#random.chance(0.5) ? depositHash(id) : ZERO_HASH,
      laneKey: key,
    }
    const { outpoint, grains } = covenant
    const given = { covenant: { outpoint, grains, covenantId: id, redeem }, journal }
    const settled = developmentSettlement({ ...given, block: scene.block.hash }, this.#secret)
    return this.#remember({ kind: 'COVENANT', ...settled }, scene, [{ kind: 'program', redeem: nextRedeem(given) }])
  }

  #deposit(): VprogAction | undefined {
    const known = this.#programs.slice(-LANES)
    if (known.length === 0) return undefined
    const outputs = [depositOutput(this.#random.pick(known), this.#grains())]
    return { kind: 'LANE', ...body({ laneId: this.#lane(), payload: this.#payload(), outputs }) }
  }
}
