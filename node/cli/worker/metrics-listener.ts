/** GET /metrics of a command that has no RPC server: on loopback alone, for a Prometheus of this machine. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { QuernError } from '../../../core/errors.ts'
import type { MetricsSource } from '../../rpc/http-metrics.ts'

/** Enough for a scraper, its retry and a person with a browser. */
const MAX_CONNECTIONS = 16
const REQUEST_TIMEOUT_MS = 5_000

export interface MetricsListener {
  readonly url: string
  close(): Promise<void>
}

/** A page of another site must not read it by having its own name resolve to loopback. */
const isLocal = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '')

/** @throws QuernError `METRICS_LISTEN_FAILED` */
export async function listenMetrics(metrics: MetricsSource, port: number): Promise<MetricsListener> {
  const server = http.createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    if (!isLocal(request.headers.host)) response.writeHead(403).end()
    else if (request.url !== '/metrics' || request.method !== 'GET') response.writeHead(404).end('see /metrics\n')
    else {
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      )
    }
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `cannot listen on port ${port}: choose another one with --metrics-port (0 = any free one)`
      reject(new QuernError('METRICS_LISTEN_FAILED', message, { port }, { cause }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
