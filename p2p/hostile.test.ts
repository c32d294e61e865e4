import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { statementBytes } from '../vm/statement.ts'
import { announcementEnvelope, slotMsOf, wholeEnvelope } from './envelope.ts'
import { encodeFrame } from './frames.ts'
import { forgetMessage, hasInbound, hasOutbound } from './gossip-internals.ts'
import type { Topic } from './protocols.ts'
import {
  blockOf,
  claimOf,
  DELAY_MS,
  GENESIS,
  proposal,
  quiet,
  scheme,
  startNode,
  stopAll,
  type TestNode,
  until,
  validator,
  vote,
} from './testing/nodes.ts'
import { RawHost } from './testing/raw-host.ts'
import { encodeNetworkMessage } from './wire.ts'

/** Four of these are given to a peer to say what its stream is for. */
const PATIENT_DELAY_MS = 10_000

let node: TestNode
let raw: RawHost

beforeAll(async () => {
  node = await startNode()
})
afterEach(() => raw.stop())
afterAll(stopAll)

const attack = async (): Promise<RawHost> => {
  raw = await RawHost.start()
  return raw
}

const penaltiesOf = (id: string, by = node): readonly string[] =>
  by.events.flatMap((event) => (event.type === 'penalty' && event.peer === id ? [event.code] : []))

/** All hosts share the code and run in one event loop, so what was sent has arrived when this is over. */
const penalised = (code: string) => until(() => penaltiesOf(raw.id).includes(code), code)

describe('a stream of messages', () => {
  it('costs whoever sends what is no message, and ends where a length lies', async () => {
    const { names } = await attack()
    const connection = await raw.join(node)
    const garbage = await raw.open(connection, names.consensus)
    garbage.send(encodeFrame(Uint8Array.of(9, 9, 9)))
    await penalised('MESSAGE_UNKNOWN')
    garbage.send(encodeFrame(Uint8Array.of(1, 2, 0xc1, 0x80, 0x80)))
    await until(() => penaltiesOf(raw.id).length === 2, 'a second penalty')
    const lying = await raw.open(connection, names.consensus)
    // 8 MiB are announced.
    lying.send(Uint8Array.of(0x80, 0x80, 0x80, 0x04))
    await penalised('FRAME_TOO_LARGE')
    await until(() => !node.node.transport.peers().includes(raw.id), 'the end of the connection')
  })

  it('is not listened to before a hello', async () => {
    const { names } = await attack()
    const connection = await raw.connect(node)
    const stream = await raw.open(connection, names.consensus)
    stream.send(encodeFrame(encodeNetworkMessage(vote(70))))
    const asking = await raw.open(connection, names.certificates)
    asking.send(encodeFrame(Uint8Array.of(4, 0xc3, 0x80, 0x80, 0x80)))
    await quiet()
    expect(node.heard).toEqual([])
    await raw.greet(connection)
    await until(() => node.heard.length === 1, 'the message after the hello')
  })
})

describe('questions', () => {
  it('cost whoever asks what is no question, or asks it in the wrong place', async () => {
    const { names } = await attack()
    // One that waits for the whole question however busy the machine is, and takes nobody for silent.
    const patient = await startNode({ networkDelayMs: PATIENT_DELAY_MS })
    const connection = await raw.join(patient)
    for (const [protocol, frame, code] of [
      [names.blocks, encodeFrame(Uint8Array.of(7, 0xc0)), 'MESSAGE_UNKNOWN'],
      [names.certificates, encodeFrame(Uint8Array.of(3, 0xc2, 0x01, 0x01)), 'FRAME_INVALID'],
      [names.blocks, encodeFrame(new Uint8Array(65)), 'FRAME_TOO_LARGE'],
    ] as const) {
      const stream = await raw.open(connection, protocol)
      stream.send(frame)
      await until(() => penaltiesOf(raw.id, patient).includes(code), code)
    }
    expect(penaltiesOf(raw.id, patient)).toEqual(['MESSAGE_UNKNOWN', 'FRAME_INVALID', 'FRAME_TOO_LARGE'])
    await until(() => connection.status !== 'open', 'the end of the connection')
  })
})

describe('a hello', () => {
  it('that is none ends the connection', async () => {
    await attack()
    const connection = await raw.connect(node)
    await expect(raw.greet(connection, Uint8Array.of(0xc0))).rejects.toThrow()
    await penalised('HANDSHAKE_INVALID')
    await until(() => connection.status !== 'open', 'the end of the connection')
    expect(node.node.transport.peers()).not.toContain(raw.id)
  })
})

describe('gossip', () => {
  const publish = async (topic: Topic, envelope: Uint8Array): Promise<void> => {
    const { pubsub } = raw.host.services
    await until(() => pubsub.getSubscribers(raw.names.topic(topic)).length > 0, 'the subscription')
    await pubsub.publish(raw.names.topic(topic), envelope)
  }
  const slot = () => Math.floor(Date.now() / slotMsOf(DELAY_MS))

  it('costs whoever sends what cannot be decoded, or belongs elsewhere', async () => {
    await attack()
    await raw.join(node)
    await publish('vote', Uint8Array.of(1, 2, 3))
    await penalised('GOSSIP_INVALID')
    await publish('tx', wholeEnvelope(slot(), encodeNetworkMessage(vote(1))))
    await until(() => penaltiesOf(raw.id).length === 2, 'a second penalty')
  })

  it('of another time is ignored', async () => {
    await attack()
    await raw.join(node)
    for (const off of [-100, 100]) {
      await publish('vote', wholeEnvelope(slot() + off, encodeNetworkMessage(vote(80))))
    }
    await publish('vote', wholeEnvelope(slot(), encodeNetworkMessage(vote(81))))
    await until(() => node.heard.some(({ from }) => from === raw.id), 'the timely one')
    expect(node.heard.filter(({ from }) => from === raw.id)).toHaveLength(1)
    expect(penaltiesOf(raw.id)).toEqual([])
  })

  it('has nobody fetch a block that no validator signed for', async () => {
    const [member, stranger] = [validator(21), validator(22)]
    node.node.transport.setValidators([member])
    await attack()
    let asked = 0
    await raw.host.handle(raw.names.blocks, (stream) => {
      asked++
      stream.abort(new Error('no answer'))
    })
    await raw.join(node)
    const announce = (author: typeof member, signer: typeof member, blockHash: Uint8Array) => {
      const signature = scheme.sign(signer.secretKey, statementBytes('proposal', GENESIS, 0, 1, blockHash))
      return publish(
        'block',
        announcementEnvelope(slot(), { epoch: 0, view: 1, blockHash, author: author.address, signature }),
      )
    }
    await announce(stranger, stranger, new Uint8Array(32).fill(1))
    await announce(member, member, new Uint8Array(32).fill(2))
    await until(() => asked === 1, 'a fetch for the one that is signed')
    expect(penaltiesOf(raw.id).filter((code) => code !== 'PEER_TIMEOUT')).toEqual([])
    await announce(member, stranger, new Uint8Array(32).fill(3))
    await penalised('PROPOSAL_SIGNATURE')
    await until(() => node.events.some((event) => event.type === 'banned' && event.peer === raw.id), 'the ban')
    expect(asked).toBe(1)
  })

  it('holds the body against whoever served it, and the proposal against nobody', async () => {
    const author = validator(31)
    node.node.transport.setValidators([author])
    await attack()
    await raw.join(node)
    const block = blockOf(200)
    const message = proposal(author, 3, block)
    node.verdict = () => ({ reject: 'BLOCK_BODY' })
    await publish('block', wholeEnvelope(slot(), encodeNetworkMessage(message)))
    await penalised('BLOCK_BODY')
    node.verdict = () => 'accept'
  })
})

describe('the library', () => {
  it('is one that bounds what a peer may subscribe to (CVE-2026-46679)', async () => {
    await attack()
    const { pathname } = new URL('../../package.json', import.meta.resolve('@libp2p/gossipsub'))
    const { version } = JSON.parse(await readFile(pathname, 'utf8')) as { version: string }
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(15_000_023)
  })

  it('still has what is used of it beyond its declared interface', async () => {
    await attack()
    const connection = await raw.join(node)
    const { pubsub } = raw.host.services
    await until(() => hasOutbound(pubsub, node.node.id) && hasInbound(pubsub, node.node.id), 'streams both ways')
    const internals = pubsub as unknown as Record<string, unknown> & { readonly seenCache: Record<string, unknown> }
    expect(internals.onPeerConnected).toBeTypeOf('function')
    expect(internals.seenCache.entries).toBeInstanceOf(Map)
    // Published, forgotten, and so not a repetition.
    const topic = raw.names.topic('evidence')
    const data = wholeEnvelope(0, encodeNetworkMessage(vote(9)))
    await until(() => pubsub.getSubscribers(topic).some((peer) => peer.toString() === node.node.id), 'its subscription')
    for (const recipients of [1, 0]) expect((await pubsub.publish(topic, data)).recipients).toHaveLength(recipients)
    forgetMessage(pubsub, topic, data)
    expect((await pubsub.publish(topic, data)).recipients).toHaveLength(1)
    connection.abort(new Error('over'))
  })
})

it('a claim of a validator opens no door by itself', async () => {
  await attack()
  const member = validator(41)
  const test = await startNode({ claim: claimOf(member) })
  node.node.transport.setValidators([])
  await test.node.connect(node.address())
  expect(node.node.transport.peerOf(member.address)).toBeUndefined()
})
