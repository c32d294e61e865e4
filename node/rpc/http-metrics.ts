/** GET /metrics: what a node counts, in the text format of Prometheus. */
import type { FastifyInstance } from 'fastify'

export interface MetricsSource {
  readonly contentType: string
  text(): Promise<string>
}

export function addMetricsRoute(app: FastifyInstance, metrics: MetricsSource): void {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
}
