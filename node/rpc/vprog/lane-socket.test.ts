import { EventEmitter, once } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { toHex } from '../../../core/bytes.ts'
import { overriding } from '../fixture.ts'
import { type RpcServer, startRpcServer } from '../server.ts'
import { VprogFixture } from './fixture.ts'

let server: RpcServer
afterEach(() => server.close())

it('a client that leaves while its subscription is looked up leaves nothing behind', async () => {
  const own = new VprogFixture()
  own.mine(own.message(1))
  const { chain } = own
  const gate = new EventEmitter()
  const asked = once(gate, 'asked')
  const released = once(gate, 'released')
  const laneHeights = async (...params: Parameters<typeof chain.vprogs.laneHeights>) => {
    gate.emit('asked')
    await released
    return chain.vprogs.laneHeights(...params)
  }
  const vprogs = Object.create(chain.vprogs, { laneHeights: { value: laneHeights } })
  const node = overriding(chain, { vprogs })
  server = await startRpcServer({ node, dev: undefined, clientVersion: 'quern/test', port: 0 })
  const listeners = chain.listenerCount
  const cursor = `1:${toHex(chain.latest().hash)}:0`
  const params = ['lane', { lane: '0x51000001', cursor }]

  const socket = new WebSocket(server.wsUrl)
  await once(socket, 'open')
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vprog_subscribe', params }))
  await asked
  socket.close()
  await once(socket, 'close')
  gate.emit('released')
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  expect(chain.listenerCount).toBe(listeners)

  const patient = new WebSocket(server.wsUrl)
  await once(patient, 'open')
  patient.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'vprog_subscribe', params }))
  await once(patient, 'message')
  expect(chain.listenerCount).toBe(listeners + 1)
  own.mine(own.message(1))
  const [text] = await once(patient, 'message')
  expect(JSON.parse(String(text))).toMatchObject({ method: 'vprog_subscription', params: { event: { type: 'added' } } })
  patient.terminate()
})
