import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeBlock } from '../consensus/block.ts'
import type { Block } from '../consensus/types.ts'
import { concatBytes, equalBytes } from '../core/bytes.ts'
import { P2pNode } from './p2p-node.ts'
import {
  blockOf,
  certificate,
  claimOf,
  evidence,
  optionsOf,
  proposal,
  quiet,
  startNode,
  stopAll,
  stopNode,
  type TestNode,
  transactions,
  until,
  validator,
  vote,
} from './testing/nodes.ts'
import type { NetworkMessage } from './transport.ts'
import { encodeNetworkMessage } from './wire.ts'

afterAll(stopAll)

const isConnected = (a: TestNode, b: TestNode) =>
  a.node.transport.peers().includes(b.node.id) && b.node.transport.peers().includes(a.node.id)

describe('four validators, all connected', () => {
  const validators = [1, 2, 3, 4].map(validator)
  const nodes: TestNode[] = []
  const node = (i: number) => nodes[i]!
  const heard = (i: number, message: NetworkMessage) =>
    node(i).heard.filter((entry) => equalBytes(encodeNetworkMessage(entry.message), encodeNetworkMessage(message)))

  beforeAll(async () => {
    const identities = []
    for (const claimed of validators) {
      const started = await startNode({ claim: claimOf(claimed), persistentPeers: identities.slice() })
      identities.push(started.address())
      nodes.push(started)
    }
    await until(() => nodes.every(({ node }) => node.peers().length === 3), 'a full mesh')
    for (const { node } of nodes) node.transport.setValidators(validators)
  })

  it('knows each peer by the validator that it proved to be, its agent, and how far it is', async () => {
    expect(node(0).node.transport.peerOf(validators[2]!.address)).toBe(node(2).node.id)
    expect(node(0).node.transport.peerOf(validators[0]!.address)).toBeUndefined()
    const info = node(0)
      .node.peers()
      .find(({ id }) => id === node(2).node.id)
    expect(info).toMatchObject({ agent: 'quern/test', height: 1, score: 0, validator: validators[2]!.address })
    node(2).height = 77
    const { status } = await node(0).node.transport.request(node(2).node.id, { type: 'status' })
    expect(status.height).toBe(77)
    expect(
      node(0)
        .node.peers()
        .find(({ id }) => id === node(2).node.id)?.height,
    ).toBe(77)
  })

  it('believes no claim of a validator that is not in the set', () => {
    const { transport } = node(0).node
    transport.setValidators(validators.slice(0, 2))
    expect(transport.peerOf(validators[1]!.address)).toBe(node(1).node.id)
    expect(transport.peerOf(validators[2]!.address)).toBeUndefined()
    transport.setValidators([{ ...validators[2]!, blsPublicKey: validators[3]!.blsPublicKey }])
    expect(transport.peerOf(validators[2]!.address)).toBeUndefined()
    transport.setValidators(validators)
    expect(transport.peerOf(validators[2]!.address)).toBe(node(2).node.id)
  })

  it('hands consensus to every validator by its stream, once, with no gossip beside it', async () => {
    const said = [vote(1), certificate(1), proposal(validators[0]!, 1, blockOf(300))]
    for (const message of said) node(0).node.transport.broadcast(message)
    for (const i of [1, 2, 3]) {
      for (const message of said) await until(() => heard(i, message).length > 0, 'a message by stream')
    }
    await quiet()
    for (const i of [1, 2, 3]) {
      for (const message of said) {
        expect(heard(i, message)).toEqual([{ from: node(0).node.id, message, origin: 'direct' }])
      }
    }
    expect(node(0).node.counters().messagesOut['gossip/vote']).toBeUndefined()
  })

  it('hands over whole proposals of two megabytes', async () => {
    const large = proposal(validators[1]!, 2, blockOf(2_000_000))
    node(1).node.transport.broadcast(large)
    for (const i of [0, 2, 3]) await until(() => heard(i, large).length === 1, 'a large proposal')
  })

  it('gossips transactions and evidence', async () => {
    for (const message of [transactions(1), evidence(1)]) {
      node(2).node.transport.broadcast(message)
      for (const i of [0, 1, 3]) await until(() => heard(i, message).length === 1, 'a message by gossip')
      expect(heard(0, message)[0]?.origin).toBe('gossip')
    }
  })

  it('sends to one peer alone', async () => {
    node(3).node.transport.send(node(1).node.id, vote(30))
    await until(() => heard(1, vote(30)).length === 1, 'a message')
    await quiet(100)
    expect(heard(2, vote(30))).toEqual([])
  })

  it('asks for blocks and certificates, up to 7 MB', async () => {
    const blocks = [10, 11, 12, 13].map((height) => blockOf(1_800_000, height))
    node(1).answer = (request) => {
      if (request.type === 'block') return { type: 'block', block: blocks[0] }
      if (request.type === 'range') {
        return {
          type: 'range',
          blocks: blocks.map((block) => ({ block, notarization: undefined, finalization: undefined })),
        }
      }
      return { type: 'certificates', certificates: [] }
    }
    const { transport } = node(0).node
    const to = node(1).node.id
    const range = await transport.request(to, { type: 'range', fromHeight: 10, count: 64 })
    const bytesOf = (of: readonly Block[]) => concatBytes(...of.map(encodeBlock))
    expect(equalBytes(bytesOf(range.blocks.map(({ block }) => block)), bytesOf(blocks))).toBe(true)
    const one = await transport.request(to, { type: 'block', hash: blocks[0]!.hash })
    expect(one.block?.hash).toEqual(blocks[0]!.hash)
    const certificates = await transport.request(to, { type: 'certificates', epoch: 0, fromView: 0, toView: 9 })
    expect(certificates.certificates).toEqual([])
  })

  it('says so when an answer is to another question, when a peer does not answer, and when it is gone', async () => {
    const { transport } = node(0).node
    const to = node(1).node.id
    // The blocks above begin at height 10.
    const wrongRange = transport.request(to, { type: 'range', fromHeight: 11, count: 64 })
    await expect(wrongRange).rejects.toMatchObject({ code: 'PEER_ANSWER_INVALID' })
    const wrongBlock = transport.request(to, { type: 'block', hash: new Uint8Array(32).fill(9) })
    await expect(wrongBlock).rejects.toMatchObject({ code: 'PEER_ANSWER_INVALID' })
    expect(
      node(0)
        .node.peers()
        .find(({ id }) => id === to)?.score,
    ).toBeLessThan(0)
    node(1).answer = () => {
      throw new Error('a failure of its own')
    }
    const silent = transport.request(to, { type: 'range', fromHeight: 1, count: 1 })
    await expect(silent).rejects.toMatchObject({ code: 'PEER_TIMEOUT' })
    const unknown = transport.request('12D3KooWDXbafuhp377E8ku11iVRay1EpxshQoRdgrZxsMZMk5KH', { type: 'status' })
    await expect(unknown).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
  })

  it('loses everything while the transport is stopped, keeps the peers, and goes on after a new start', async () => {
    await node(3).node.transport.stop()
    node(0).node.transport.broadcast(vote(40))
    node(0).node.transport.broadcast(transactions(40))
    await until(() => heard(1, transactions(40)).length === 1 && heard(1, vote(40)).length === 1, 'the others hear it')
    expect(node(3).node.peers()).toHaveLength(3)
    await quiet(100)
    node(3).restart()
    expect(heard(3, vote(40))).toEqual([])
    node(0).node.transport.broadcast(vote(41))
    await until(() => heard(3, vote(41)).length === 1, 'a message after the new start')
    expect(heard(3, transactions(40))).toEqual([])
  })

  it('bans a peer for a proven lie, and nobody for what the node ignores', async () => {
    node(2).verdict = ({ type }, from) =>
      type === 'transactions' && from === node(3).node.id ? { reject: 'TX_MALFORMED' } : 'ignore'
    node(1).node.transport.broadcast(vote(50))
    node(3).node.transport.send(node(2).node.id, transactions(50))
    const scoreOf = (i: number) =>
      node(2)
        .node.peers()
        .find(({ id }) => id === node(i).node.id)?.score
    await until(() => (scoreOf(3) ?? 0) < -9, 'a penalty')
    expect(scoreOf(1)).toBe(0)
    node(2).node.transport.blame(node(3).node.id, 'VOTE_SIGNATURE')
    await until(() => !node(3).node.transport.peers().includes(node(2).node.id), 'the ban')
    expect(node(2).events.find(({ type }) => type === 'banned')).toMatchObject({ code: 'VOTE_SIGNATURE' })
    await expect(node(3).node.connect(node(2).address())).rejects.toMatchObject({ code: 'P2P_DIAL_FAILED' })
    expect(node(2).node.counters()).toMatchObject({ bans: 1, penalties: { TX_MALFORMED: 1, VOTE_SIGNATURE: 1 } })
    node(2).verdict = () => 'accept'
  })
})

describe('who may be a peer', () => {
  it('drops another genesis, whether or not its first bytes are ours', async () => {
    const [ours, near, far] = await Promise.all([
      startNode(),
      startNode({ genesisHash: Uint8Array.from({ length: 32 }, (_, i) => (i < 4 ? 7 : 8)) }),
      startNode({ genesisHash: new Uint8Array(32).fill(9) }),
    ])
    for (const other of [near, far]) {
      await expect(other.node.connect(ours.address())).rejects.toMatchObject({ code: 'P2P_DIAL_FAILED' })
      expect(other.node.peers()).toEqual([])
      expect(other.events).toContainEqual({ type: 'disconnected', peer: ours.node.id, reason: 'OTHER_CHAIN' })
    }
    await until(() => ours.events.some((event) => event.type === 'disconnected'), 'the end of the other chain')
    expect(ours.node.peers()).toEqual([])
  })

  it('does not believe a claim that the validator did not sign, or signed for another peer', async () => {
    const [honest, forged] = [validator(11), validator(12)]
    const ours = await startNode()
    ours.node.transport.setValidators([honest, forged])
    const liar = await startNode({ claim: { ...claimOf(forged), sign: () => new Uint8Array(96).fill(5) } })
    const stolen = claimOf(honest)
    const thief = await startNode({ claim: { ...stolen, sign: () => stolen.sign(new Uint8Array(100)) } })
    for (const { node } of [liar, thief]) await node.connect(ours.address()).catch(() => {})
    // They may come back with the same at once.
    const isPenalised = ({ node }: TestNode) =>
      ours.events.some((event) => event.type === 'penalty' && event.peer === node.id && event.code === 'CLAIM_INVALID')
    await until(() => isPenalised(liar) && isPenalised(thief), 'two false claims')
    expect(ours.node.transport.peerOf(honest.address)).toBeUndefined()
    expect(ours.node.transport.peerOf(forged.address)).toBeUndefined()
  })

  it('keeps blocked peers away until they are not blocked any more', async () => {
    const a = await startNode()
    const b = await startNode({ persistentPeers: [a.address()] })
    await until(() => isConnected(a, b), 'a connection')
    await a.node.setBlocked([b.node.id])
    expect(a.node.peers()).toEqual([])
    await until(() => b.node.peers().length === 0, 'the other side sees it')
    await expect(b.node.connect(a.address())).rejects.toMatchObject({ code: 'P2P_DIAL_FAILED' })
    await expect(a.node.connect(b.address())).rejects.toMatchObject({ code: 'P2P_DIAL_FAILED' })
    await quiet(600)
    expect(a.node.peers()).toEqual([])
    await b.node.setBlocked([a.node.id])
    await Promise.all([a.node.setBlocked([]), b.node.setBlocked([])])
    await until(() => isConnected(a, b), 'a connection after the partition')
  })

  it('dials a persistent peer again when it is back at its port', async () => {
    const identity = new Uint8Array(32).fill(3)
    const first = await startNode({ identity })
    const address = first.address()
    const other = await startNode({ persistentPeers: [address] })
    await until(() => isConnected(first, other), 'a connection')
    await stopNode(first)
    await until(() => other.node.peers().length === 0, 'the loss')
    const second = await startNode({ identity, listen: [address.split('/p2p/')[0]!] })
    await until(() => isConnected(second, other), 'the connection again')
    second.node.transport.broadcast(transactions(1))
    await until(() => other.heard.length === 1, 'gossip over it')
  })

  it('keeps one connection when both dial at once', async () => {
    const [x, y] = await Promise.all([startNode(), startNode()])
    await Promise.all([x.node.connect(y.address()), y.node.connect(x.address())])
    await quiet(1_500)
    expect(isConnected(x, y)).toBe(true)
    expect(x.node.peers()[0]?.direction).not.toBe(y.node.peers()[0]?.direction)
    x.node.transport.broadcast(transactions(2))
    y.node.transport.broadcast(transactions(3))
    await until(() => x.heard.length === 1 && y.heard.length === 1, 'gossip both ways')
  })
})

describe('starting and stopping', () => {
  it('names the port that is taken, and the address that is none', async () => {
    const taken = (await startNode()).address().split('/p2p/')[0]!
    await expect(P2pNode.start(optionsOf({ listen: [taken] }))).rejects.toMatchObject({ code: 'P2P_LISTEN_FAILED' })
    for (const bad of [{ listen: ['localhost:1'] }, { persistentPeers: [taken] }, { bootstrap: ['/ip4/1.2.3.4'] }]) {
      await expect(P2pNode.start(optionsOf(bad))).rejects.toMatchObject({ code: 'P2P_ADDRESS_INVALID' })
    }
  })

  it('starts and stops with mDNS and Kademlia', async () => {
    const a = await startNode({ mdns: true, dht: true })
    const b = await startNode({ mdns: true, dht: true, bootstrap: [a.address()] })
    await until(() => isConnected(a, b), 'a connection by bootstrap')
    await Promise.all([stopNode(a), stopNode(b)])
  })
})
