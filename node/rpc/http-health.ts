/** GET /health: 200 as long as the process serves, whatever its chain does. For whoever restarts processes that hang. */
import type { FastifyInstance } from 'fastify'
import type { NodeApi } from '../api.ts'

export function addHealthRoute(app: FastifyInstance, node: NodeApi, clientVersion: string): void {
  app.get('/health', async () => ({
    status: 'ok',
    client_version: clientVersion,
    height: node.latest().height,
    finalized_height: node.finalized().height,
  }))
}
