import { afterEach, describe, expect, it } from 'vitest'
import { equalBytes } from '../core/bytes.ts'
import type { P2pOptions } from './options.ts'
import {
  blockOf,
  certificate,
  claimOf,
  proposal,
  quiet,
  startNode,
  stopAll,
  type TestNode,
  transactions,
  until,
  validator,
  vote,
} from './testing/nodes.ts'
import type { NetworkMessage } from './transport.ts'
import { encodeNetworkMessage } from './wire.ts'

afterEach(stopAll)

/** A slot of gossip, at the D of these tests, and a little. */
const SLOT_MS = 1_100

const heard = (test: TestNode, message: NetworkMessage) =>
  test.heard.filter((entry) => equalBytes(encodeNetworkMessage(entry.message), encodeNetworkMessage(message)))

/** As an engine does: whatever it has already is nothing new. */
function knowsWhatItHeard(test: TestNode): void {
  test.verdict = (message) => (heard(test, message).length > 1 ? 'ignore' : 'accept')
}

/** Two ends that know only the middle; those with a number are the validators. */
async function line(
  numbers: readonly (number | undefined)[],
  options: Partial<P2pOptions> = {},
): Promise<readonly [TestNode, TestNode, TestNode]> {
  const validators = numbers.filter((number) => number !== undefined).map(validator)
  const start = (number: number | undefined, middle?: TestNode) =>
    startNode({
      ...options,
      ...(number === undefined ? {} : { claim: claimOf(validator(number)) }),
      ...(middle === undefined ? {} : { persistentPeers: [middle.address()] }),
    })
  const middle = await start(numbers[1])
  const left = await start(numbers[0], middle)
  const right = await start(numbers[2], middle)
  for (const test of [left, middle, right]) {
    test.node.transport.setValidators(validators)
    knowsWhatItHeard(test)
  }
  // They would hear of each other from the middle, and connect.
  await Promise.all([left.node.setBlocked([right.node.id]), right.node.setBlocked([left.node.id])])
  await until(() => middle.node.peers().length === 2, 'the line')
  // Gossip begins a moment after the connection.
  for (let i = 0; right.heard.length === 0; i++) {
    left.node.transport.broadcast(transactions(i))
    await quiet(50)
  }
  return [left, middle, right]
}

describe('gossip past a node in the middle', () => {
  it('carries votes to validators that are not connected, and again when they are said again', async () => {
    const [left, middle, right] = await line([1, 2, 3])
    left.node.transport.broadcast(vote(1))
    await until(() => heard(right, vote(1)).length === 1, 'the vote')
    expect(heard(right, vote(1))[0]).toMatchObject({ origin: 'gossip', from: middle.node.id })
    await right.node.transport.stop()
    left.node.transport.broadcast(vote(2))
    await until(() => heard(middle, vote(2)).length > 0, 'the middle hears it')
    await quiet(100)
    right.restart()
    // Within the slot it is not sent again, however often it is said.
    for (let i = 0; i < 5; i++) left.node.transport.broadcast(vote(2))
    const sent = left.node.counters().messagesOut['gossip/vote']
    await quiet(SLOT_MS)
    expect(heard(right, vote(2))).toEqual([])
    left.node.transport.broadcast(vote(2))
    left.node.transport.broadcast(vote(2))
    await until(() => heard(right, vote(2)).length === 1, 'the vote that was said again')
    expect(left.node.counters().messagesOut['gossip/vote']).toBe(sent! + 1)
  })

  it('carries one of the certificates of a view to those who are no validators', async () => {
    const [left, middle, right] = await line([1, 2, undefined])
    left.node.transport.broadcast(certificate(1, 7))
    middle.node.transport.broadcast(certificate(1, 11))
    await until(() => right.heard.some(({ message }) => message.type === 'consensus'), 'a certificate')
    await quiet()
    expect(heard(right, certificate(1, 7)).length + heard(right, certificate(1, 11)).length).toBe(1)
    expect(heard(middle, certificate(1, 7))[0]?.origin).toBe('direct')
  })

  it('announces a large block, which everybody fetches from whoever announced it', async () => {
    // Whoever expects the block by stream waits for it, however busy the machine is.
    const [left, middle, right] = await line([1, 2, undefined], { networkDelayMs: 5_000 })
    const block = blockOf(2_000_000)
    const large = proposal(validator(1), 5, block)
    left.node.transport.broadcast(large)
    await until(() => heard(right, large).length === 1, 'the block')
    expect(heard(right, large)[0]).toMatchObject({ origin: 'gossip', from: middle.node.id })
    expect(right.node.counters().messagesOut['request/block']).toBe(1)
    // The middle has it by stream and fetches nothing.
    expect(middle.node.counters().messagesOut['request/block']).toBeUndefined()
  })

  it('sends a small block whole where a neighbour is no validator, and word of it where all neighbours have it', async () => {
    const small = proposal(validator(1), 6, blockOf(400_000))
    const [left, , right] = await line([1, undefined, undefined])
    left.node.transport.broadcast(small)
    await until(() => heard(right, small).length === 1, 'the small block')
    expect(right.node.counters().messagesOut['request/block']).toBeUndefined()
    await stopAll()
    const [author, , observer] = await line([1, 2, undefined])
    author.node.transport.broadcast(small)
    await until(() => heard(observer, small).length === 1, 'the small block')
    expect(observer.node.counters().messagesOut['request/block']).toBe(1)
  })

  it('passes on neither what is ignored nor what is rejected, and counts the latter against the sender', async () => {
    const [left, middle, right] = await line([1, undefined, 3])
    middle.verdict = () => 'ignore'
    left.node.transport.broadcast(vote(1))
    await until(() => heard(middle, vote(1)).length === 1, 'the middle hears it')
    middle.verdict = () => ({ reject: 'VOTE_SHAPE' })
    left.node.transport.broadcast(vote(2))
    await until(() => middle.node.counters().penalties.VOTE_SHAPE === 1, 'the penalty')
    await quiet(100)
    expect(heard(right, vote(1)).length + heard(right, vote(2)).length).toBe(0)
  })

  it('carries on when one of two connections under it ends', async () => {
    const [x, y] = await Promise.all([startNode(), startNode()])
    await Promise.all([x.node.connect(y.address()), y.node.connect(x.address())])
    // The other one is closed within a second.
    await quiet(1_300)
    for (const view of [1, 2]) {
      x.node.transport.broadcast(vote(view))
      await until(() => heard(y, vote(view)).length === 1, 'a vote')
    }
    y.node.transport.broadcast(vote(3))
    await until(() => heard(x, vote(3)).length === 1, 'a vote back')
  })
})
