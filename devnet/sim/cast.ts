/** Who stands on which machine: validators, the one that joins, followers, and the byzantine parts. */
import type { ParentBlock } from '../../consensus/validate.ts'
import { hexKey } from '../../core/bytes.ts'
import { randomStream } from '../../core/random.ts'
import { executionRules } from '../../node/execution-rules.ts'
import { actorOf } from './actors/index.ts'
import { Stage } from './actors/stage.ts'
import { BlockLibrary } from './block-library.ts'
import { JOINER } from './genesis.ts'
import { simKey } from './keys.ts'
import { Machine, type MachineWorld } from './machine.ts'
import type { Plan } from './plan.ts'
import { SimSigningRecord } from './signing-record.ts'

/** The machine of validator `index`, or of its twin. */
export const machineName = (index: number): string => (index === JOINER ? 'joiner' : `v${index}`)

export function castMachines(plan: Plan, world: MachineWorld, genesis: ParentBlock): Machine[] {
  const { seed, params, byzantine } = plan
  const { kernel, scheme, proofs } = world
  const modules = { kernel, bls: scheme, proofs: proofs.verifier }
  const library = new BlockLibrary(genesis, executionRules(world.genesis, genesis.block.hash, modules))
  const machines: Machine[] = []
  const numbers = keyNumbers(plan)
  const add = (name: string, index: number | undefined): void => {
    const misdeed = index === undefined ? undefined : byzantine.get(index)
    const isHonestValidator = index !== undefined && misdeed === undefined
    const random = randomStream(seed, `record of ${name}`)
    const machine = new Machine(world, {
      name,
      ...(index === undefined ? {} : { key: simKey(index), votesUntilDiskLoss: plan.diskLosses.get(index) }),
      ...(isHonestValidator ? { record: new SimSigningRecord(world.queue, random, plan.reservedViews) } : {}),
      isHonest: misdeed === undefined,
      isForgetful: misdeed === 'amnesia',
      diskRandom: randomStream(seed, `disk of ${name}`),
    })
    machine.clockError = plan.clocks[machines.length % plan.clocks.length]!
    machine.disk.tempo = plan.disk
    machines.push(machine)
    world.network.ports.set(name, machine)
    if (machine.key === undefined || misdeed === undefined) return
    const stage = new Stage({
      key: machine.key,
      random: randomStream(seed, `actor of ${name}`),
      scheme: world.scheme,
      genesisHash: genesis.block.hash,
      networkDelayMs: params.networkDelayMs,
      library,
      node: () => machine.node,
      peers: () => world.network.peersOf(name),
      tell: (to, message) => {
        if (to === undefined) world.network.broadcast(machine, message)
        else world.network.send(name, to, world.network.frame(message, 'direct', name))
      },
      tellBytes: (to, bytes) => world.network.send(name, to, world.network.rawFrame(bytes, 'direct', name)),
      after: (delayMs, act) => void world.queue.after(delayMs, act),
      isAlly: (validator) => byzantine.has(numbers.get(hexKey(validator)) ?? -1),
    })
    machine.actor = actorOf(misdeed, stage)
  }
  for (const index of plan.stakesWei.keys()) {
    add(machineName(index), index)
    if (byzantine.get(index) === 'twins') add(`${machineName(index)}-twin`, index)
  }
  if (plan.hasJoiner) add(machineName(JOINER), JOINER)
  for (let i = 0; i < plan.followers; i++) add(`follower${i}`, undefined)
  return machines
}

/** By address: the number of each owner's key. */
export function keyNumbers(plan: Plan): ReadonlyMap<string, number> {
  return new Map([...plan.stakesWei.keys(), JOINER].map((index) => [hexKey(simKey(index).address), index]))
}
