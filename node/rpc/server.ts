/**
 * JSON-RPC over HTTP (POST /) and WebSocket (GET / with an upgrade) on one port, beside /health, /ready and /metrics.
 *
 * Promises: bound to loopback unless told otherwise; a foreign Host or Origin is refused before anything is read; body,
 * batch, connections, subscriptions and backlog are bounded; no handler's error ends the process; `close` takes no longer
 * than it takes to cut the connections. Source: JSON-RPC 2.0, EIP-1474 (codes), EIP-1193 and geth (subscriptions).
 */
import type { AddressInfo, Socket } from 'node:net'
import cors from '@fastify/cors'
import websocket from '@fastify/websocket'
import fastify, { type FastifyInstance } from 'fastify'
import type { DevControls, NodeApi } from '../api.ts'
import { type AccessRules, refusal } from './access.ts'
import { Dispatcher, type DispatchLog } from './dispatch.ts'
import { FilterStore } from './filters.ts'
import { addHealthRoute } from './http-health.ts'
import { addMetricsRoute, type MetricsSource } from './http-metrics.ts'
import { addReadyRoute } from './http-ready.ts'
import type { RpcContext, RpcMethod } from './method.ts'
import { methods as allMethods } from './methods/index.ts'
import { WebSocketConnection } from './websocket.ts'

/** A batch of 50 of the largest native envelopes, as hex. */
export const MAX_BODY_BYTES = 16 << 20
/** HTTP and WebSocket together; each costs a file descriptor and some buffers. */
export const MAX_CONNECTIONS = 1_024
/** Time to send a whole request: slower ones hold a connection for nothing. */
const REQUEST_TIMEOUT_MS = 30_000

export interface RpcServerOptions {
  readonly node: NodeApi
  readonly dev?: DevControls | undefined
  /** Shown by `web3_clientVersion`. */
  readonly clientVersion: string
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** 0 = any free one. */
  readonly port: number
  /** Origins whose pages may ask. Default: all on devnets, none elsewhere. */
  readonly cors?: '*' | readonly string[] | undefined
  /** Host names, besides loopback's and the bound one, under which clients reach this node. */
  readonly allowedHosts?: readonly string[]
  /** Default: everything in methods/. */
  readonly methods?: readonly RpcMethod[]
  readonly log?: DispatchLog
  /** What /metrics answers; absent: there is none. */
  readonly metrics?: MetricsSource
}

export interface RpcServer {
  /** http:// */
  readonly url: string
  /** ws:// */
  readonly wsUrl: string
  readonly port: number
  close(): Promise<void>
}

const SILENT: DispatchLog = { internalError: () => {} }

/** An IPv6 address stands in brackets in a URL; a wildcard is reached by loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** @throws when the port is taken (`EADDRINUSE`) */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { node, dev, clientVersion, host = '127.0.0.1', methods = allMethods } = options
  const origins = options.cors ?? (dev === undefined ? [] : '*')
  const allowedHosts = [host, ...(options.allowedHosts ?? [])].map((name) => name.toLowerCase())
  const filters = new FilterStore(node, () => Date.now())
  const context: RpcContext = { node, dev, filters, connection: undefined, clientVersion, methods }
  const dispatcher = new Dispatcher(methods, options.log ?? SILENT)

  const app = fastify({ bodyLimit: MAX_BODY_BYTES, requestTimeout: REQUEST_TIMEOUT_MS })
  app.server.maxConnections = MAX_CONNECTIONS
  const sockets = openSockets(app)
  checkAccess(app, { allowedHosts, origins })
  await app.register(cors, { origin: origins === '*' ? '*' : [...origins], methods: ['GET', 'POST'] })
  await app.register(websocket, { options: { maxPayload: MAX_BODY_BYTES, perMessageDeflate: false } })
  addRoutes(app, dispatcher, context)
  addHealthRoute(app, node, clientVersion)
  addReadyRoute(app, node)
  if (options.metrics !== undefined) addMetricsRoute(app, options.metrics)

  await app.listen({ host, port: options.port })
  const { port } = app.server.address() as AddressInfo
  const place = `${urlHost(host)}:${port}`
  return {
    url: `http://${place}`,
    wsUrl: `ws://${place}`,
    port,
    close: async () => {
      filters.close()
      const closed = app.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Every connection, upgraded ones too, which Node.js no longer counts among the server's own. */
function openSockets(app: FastifyInstance): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // Nobody reads a socket after a refused upgrade: it would stay open for ever.
  app.addHook('onResponse', async (request) => {
    if (request.headers.upgrade !== undefined) request.raw.socket.destroySoon()
  })
  return sockets
}

function checkAccess(app: FastifyInstance, rules: AccessRules): void {
  app.addHook('onRequest', async (request, reply) => {
    const refused = refusal(request.headers, rules)
    if (refused !== undefined) await reply.code(refused.status).type('text/plain').send(`${refused.message}\n`)
  })
}

function addRoutes(app: FastifyInstance, dispatcher: Dispatcher, context: RpcContext): void {
  // Clients send JSON under many content types; the text is judged, not its label.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post('/', async (request, reply) => {
    const answer = await dispatcher.answer(context, typeof request.body === 'string' ? request.body : '')
    // All of it were notifications.
    if (answer === undefined) return reply.code(204).send()
    return reply.type('application/json; charset=utf-8').send(answer)
  })
  app.route({
    method: 'GET',
    url: '/',
    handler: async (_request, reply) =>
      reply
        .code(405)
        .header('allow', 'POST')
        .type('text/plain')
        .send('JSON-RPC: POST a request, or connect by WebSocket\n'),
    wsHandler: (socket) => void new WebSocketConnection(socket, dispatcher, context),
  })
}
