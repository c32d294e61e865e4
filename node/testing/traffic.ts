/**
 * What the users of a made chain send: every kind of transaction, most of it done and a part of it failing. Each draw looks
 * at the state before the block, so what two of them want of one thing in one block fails for the second, as in life.
 *
 * Joiners come one every other epoch. By number: 0 mod 3 are diligent, take workers and delegations; 1 mod 3 are lazy and
 * go to jail (`isAway`); 2 mod 3 vote twice and are reported.
 */
import { bls } from '../../core/bls.ts'
import { type Address, EMPTY_BYTES, equalBytes, type Hash, u64be, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { Random } from '../../core/random.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { computeSeed } from '../../vm/compute/seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, wins } from '../../vm/compute/ticket.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { epochOf } from '../../vm/params.ts'
import { accounts, delegations, epochSets, epochs, unbondingPositions, validators } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import { statementBytes } from '../../vm/statement.ts'
import type { Action, KindName, SignedStatement } from '../../vm/transaction/types.ts'
import { registrationOf } from '../validator-key/registration.ts'
import { type ChainPlan, type MakerKey, makerKey } from './chain-plan.ts'

export interface Wish {
  readonly from: MakerKey
  readonly action: Action
}

/** The place of the block that is being made. */
export interface Scene {
  readonly state: StateReader
  readonly height: number
  readonly epoch: number
  /** Of the block. */
  readonly view: number
  hashAt(height: number): Hash
}

export interface TrafficModules {
  readonly plan: ChainPlan
  readonly random: Random
  readonly kernel: TileKernel
  readonly genesisHash: Hash
}

type Draw = (scene: Scene) => Wish | undefined

/** Those of every chain; lanes and covenants come with an activation, and have traffic of their own (node/vprog/traffic.ts). */
type DrawnKind = Exclude<KindName, 'LANE' | 'COVENANT'>

const WEIGHTS: Readonly<Record<DrawnKind, number>> = {
  TRANSFER: 40,
  STAKE: 6,
  UNSTAKE: 4,
  UPDATE_VALIDATOR: 5,
  DELEGATE: 10,
  UNDELEGATE: 7,
  UNJAIL: 3,
  SUBMIT_RESULT: 14,
  REGISTER_WORKER: 5,
  CLAIM: 9,
  SUBMIT_EVIDENCE: 3,
  DEV_SET_BALANCE: 2,
}
const TOTAL_WEIGHT = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0)

/** Of one joiner until the next comes. */
const EPOCHS_PER_JOINER = 2
/** Sets hold a hundred, and a chain of any length shall stay quick to certify. */
export const MAX_JOINERS = 40
const JOINER_WEI = 3_000n * WEI_PER_CPC
const JOINER_STAKE_WEI = 1_000n * WEI_PER_CPC
/** Share of wishes that nobody looks into first. */
const BLIND = 0.12
/** Epochs that a lazy joiner is away and is there again: long enough for jail and for the way back. */
const LAZY_EPOCHS = 4
/** At twice the least difficulty one tile in 128 wins: of 1,024, none does once in three thousand times. */
const MAX_TILES = 1_024

export const joinersAt = (epoch: number): number => Math.min(MAX_JOINERS, 1 + Math.floor(epoch / EPOCHS_PER_JOINER))

/** Neither leads nor votes now. */
export const isAway = (joiner: number, epoch: number): boolean =>
  joiner % 3 === 1 && Math.floor(epoch / LAZY_EPOCHS) % 2 === 1

export class Traffic {
  readonly #modules: TrafficModules
  readonly #draws: Readonly<Record<DrawnKind, Draw>>
  /** By seed: tiles that were looked at. Those of old seeds go. */
  #searched = new Map<string, { readonly height: number; tiles: number }>()
  #lastResult: Wish | undefined

  constructor(modules: TrafficModules) {
    this.#modules = modules
    this.#draws = this.#makeDraws()
  }

  /** Something that somebody wants now. */
  wish(scene: Scene): Wish {
    const { random } = this.#modules
    for (let draws = 0; draws < 4; draws++) {
      const wish = this.#draws[this.#anyKind(random)](scene)
      if (wish !== undefined) return wish
    }
    return this.transfer()
  }

  transfer(): Wish {
    const { random } = this.#modules
    // Now and then to an account that is not there yet.
    const to = random.chance(0.1) ? sha256(u64be(random.below(1 << 30))).slice(0, 20) : this.#user().owner
    const memo = random.chance(0.2) ? utf8(`for ${random.below(1_000)} sacks of grain`) : EMPTY_BYTES
    const value = BigInt(random.below(1_000_000)) * 10n ** BigInt(random.below(12))
    return { from: this.#user(), action: { kind: 'TRANSFER', to, value, memo } }
  }

  #anyKind(random: Random): DrawnKind {
    let left = random.below(TOTAL_WEIGHT)
    for (const [kind, weight] of Object.entries(WEIGHTS)) {
      left -= weight
      if (left < 0) return kind as DrawnKind
    }
    return 'TRANSFER'
  }

  #user = (): MakerKey => makerKey('user', this.#modules.random.below(this.#modules.plan.users))

  #makeDraws(): Readonly<Record<DrawnKind, Draw>> {
    const { plan, random, genesisHash } = this.#modules
    const { params } = plan
    const user = this.#user
    const joiners = ({ epoch }: Scene): MakerKey[] =>
      Array.from({ length: joinersAt(epoch) }, (_, i) => makerKey('joiner', i))
    const founder = (): MakerKey => makerKey('validator', random.below(plan.validators))
    /** Of genesis, or a joiner that has staked by now. */
    const owner = (scene: Scene): MakerKey => {
      const joiner = random.pick(joiners(scene))
      const isThere = readRecord(scene.state, validators, joiner.owner) !== undefined
      return isThere && random.chance(0.5) ? joiner : founder()
    }
    const amountWei = (): bigint => (WEI_PER_CPC * BigInt(random.between(2, 2_000))) / 2n

    return {
      TRANSFER: () => this.transfer(),

      DEV_SET_BALANCE: (scene) => {
        const poor = joiners(scene).find(({ owner }) => readRecord(scene.state, accounts, owner) === undefined)
        const account = poor?.owner ?? sha256(u64be(random.below(100))).slice(0, 20)
        const balance = poor === undefined ? BigInt(random.below(1_000)) * WEI_PER_CPC : JOINER_WEI
        const from = random.chance(BLIND) ? user() : makerKey('user', 0)
        return { from, action: { kind: 'DEV_SET_BALANCE', account, balance } }
      },

      STAKE: (scene) => {
        const { state } = scene
        const ready = joiners(scene).find(
          ({ owner }) =>
            (readRecord(state, accounts, owner)?.balance ?? 0n) >= JOINER_STAKE_WEI + WEI_PER_CPC &&
            readRecord(state, validators, owner) === undefined,
        )
        if (ready !== undefined) {
          const registration = registrationOf(ready, params.chainId)
          return { from: ready, action: { kind: 'STAKE', amount: JOINER_STAKE_WEI, registration } }
        }
        if (random.chance(BLIND)) return { from: user(), action: { kind: 'STAKE', amount: amountWei() } }
        return { from: founder(), action: { kind: 'STAKE', amount: amountWei() / 100n } }
      },

      UNSTAKE: (scene) => {
        const from = random.chance(BLIND) ? user() : random.pick(joiners(scene))
        const validator = readRecord(scene.state, validators, from.owner)
        const held = readRecord(scene.state, delegations, { validator: from.owner, delegator: from.owner })
        if (validator === undefined || held === undefined || validator.shares === 0n) {
          return random.chance(BLIND) ? { from, action: { kind: 'UNSTAKE', amount: amountWei() } } : undefined
        }
        const ownWei = (held.shares * validator.tokens) / validator.shares
        const amount = validator.tombstoned ? ownWei : ownWei / BigInt(random.between(20, 60))
        return amount === 0n ? undefined : { from, action: { kind: 'UNSTAKE', amount } }
      },

      UPDATE_VALIDATOR: (scene) => {
        const from = owner(scene)
        const before = readRecord(scene.state, validators, from.owner)?.commissionBps ?? 0
        const commissionBps = random.chance(0.5) ? before : random.chance(BLIND) ? 9_000 : random.between(0, 700)
        const texts = { name: `mill ${random.below(100)}`, website: 'https://mill.example', description: 'grinds' }
        return { from, action: { kind: 'UPDATE_VALIDATOR', ...texts, commissionBps, openToWorkers: true } }
      },

      DELEGATE: (scene) => {
        const validator = random.chance(BLIND) ? user().owner : owner(scene).owner
        return { from: user(), action: { kind: 'DELEGATE', validator, amount: amountWei() / 10n } }
      },

      UNDELEGATE: (scene) => {
        const from = user()
        const validator = owner(scene).owner
        const held = readRecord(scene.state, delegations, { validator, delegator: from.owner })
        if (held === undefined || held.shares === 0n) {
          return random.chance(BLIND) ? { from, action: { kind: 'UNDELEGATE', validator, shares: 1n } } : undefined
        }
        const shares = random.chance(0.4) ? held.shares : (held.shares + 1n) / 2n
        return { from, action: { kind: 'UNDELEGATE', validator, shares } }
      },

      UNJAIL: (scene) => {
        const jailed = joiners(scene).find(({ owner }) => {
          const validator = readRecord(scene.state, validators, owner)
          return validator !== undefined && validator.jailedUntilEpoch !== 0 && !validator.tombstoned
        })
        if (jailed !== undefined) return { from: jailed, action: { kind: 'UNJAIL' } }
        return random.chance(BLIND) ? { from: owner(scene), action: { kind: 'UNJAIL' } } : undefined
      },

      SUBMIT_RESULT: (scene) => {
        // Once more what was claimed: taken already, or too old by now.
        if (this.#lastResult !== undefined && random.chance(BLIND)) return this.#lastResult
        const won = this.#win(scene, user())
        if (won !== undefined) this.#lastResult = won
        return won
      },

      REGISTER_WORKER: (scene) => {
        const from = user()
        const isRemoval = random.chance(0.15)
        const validator = random.chance(BLIND) ? from.owner : owner(scene).owner
        const isOpen = readRecord(scene.state, validators, validator)?.openToWorkers === true
        if (!isRemoval && !isOpen && !random.chance(BLIND)) return undefined
        const profile = `wheel ${random.below(100)}`
        return {
          from,
          action: { kind: 'REGISTER_WORKER', validator: isRemoval ? undefined : validator, profile },
        }
      },

      CLAIM: (scene) => {
        const { state, epoch } = scene
        const from = random.chance(0.5) ? user() : owner(scene)
        const validator = owner(scene).owner
        const positions: { validator: Address; epoch?: number }[] = [{ validator }]
        // What came free in the last epochs, and now and then what did not yet.
        const newest = epoch - (random.chance(BLIND) ? 0 : params.unbondingEpochs + 1)
        for (let past = Math.max(0, newest - 4); past <= newest; past++) {
          const key = { validator, epoch: past, owner: from.owner }
          if (readRecord(state, unbondingPositions, key) !== undefined) positions.push({ validator, epoch: past })
        }
        const delegation = readRecord(state, delegations, { validator, delegator: from.owner })
        if (delegation === undefined && positions.length === 1 && !random.chance(BLIND)) return undefined
        return { from, action: { kind: 'CLAIM', positions } }
      },

      SUBMIT_EVIDENCE: (scene) => {
        const { state, epoch, view } = scene
        const { members } = readRecord(state, epochSets, epoch) ?? { members: [] }
        const culprit = joiners(scene).find(
          ({ owner }, i) =>
            i % 3 === 2 &&
            members.some(({ address }) => equalBytes(address, owner)) &&
            readRecord(state, validators, owner)?.tombstoned === false,
        )
        const accused = culprit ?? founder()
        // A founder is honest, so whoever accuses it has nothing to show.
        if (culprit === undefined && !random.chance(BLIND)) return undefined
        const sign = (type: SignedStatement['type'], blockHash: Hash): SignedStatement => ({
          type,
          blockHash,
          signature: bls.sign(accused.blsSecretKey, statementBytes(type, genesisHash, epoch, view, blockHash)),
        })
        const one = sha256(u64be(scene.height))
        const other = culprit === undefined ? one : sha256(one)
        const type = random.pick(['notarize', 'proposal'] as const)
        const isFinalize = culprit !== undefined && random.chance(0.3)
        const pair = isFinalize
          ? { first: sign('finalize', one), second: sign('nullify', new Uint8Array(32)) }
          : { first: sign(type, one), second: sign(type, other) }
        return { from: user(), action: { kind: 'SUBMIT_EVIDENCE', validator: accused.owner, epoch, view, ...pair } }
      },
    }
  }

  /** The next winning tile of a worker on a recent block. */
  #win(scene: Scene, worker: MakerKey): Wish | undefined {
    const { plan, random, kernel } = this.#modules
    const { params } = plan
    const seedHeight = scene.height - 2 - random.below(3)
    if (seedHeight < 1) return undefined
    const difficulty = readRecord(scene.state, epochs, epochOf(seedHeight, params))?.difficultyMacs
    if (difficulty === undefined) return undefined
    const n = params.matrixSizes[0]!
    const seed = computeSeed(scene.hashAt(seedHeight), worker.owner)
    const target = targetOf(n, difficulty)
    const searched = this.#searchedFor(`${seedHeight} ${worker.owner.join()}`, seedHeight)
    while (searched.tiles < MAX_TILES) {
      const ref = { attempt: Math.floor(searched.tiles / tileCount(n)), tile: searched.tiles % tileCount(n) }
      searched.tiles++
      const resultHash = ticketOfTile(kernel, seed, n, ref)
      if (!wins(resultHash, target)) continue
      const result = {
        taskId: taskIdOf(seed, n, ref.attempt),
        workerAddress: worker.owner,
        resultHash,
        proof: undefined,
        nonce: packNonce(ref),
        signature: undefined,
      }
      const action = { kind: 'SUBMIT_RESULT', challengeType: 'synthetic', seedHeight, matrixSize: n, result } as const
      return { from: worker, action }
    }
    return undefined
  }

  #searchedFor(id: string, height: number): { tiles: number } {
    let searched = this.#searched.get(id)
    if (searched === undefined) {
      searched = { height, tiles: 0 }
      this.#searched.set(id, searched)
      for (const [old, entry] of this.#searched) {
        if (entry.height >= height - this.#modules.plan.params.seedWindowBlocks) break
        this.#searched.delete(old)
      }
    }
    return searched
  }
}
