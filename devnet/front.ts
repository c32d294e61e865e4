/** What of a devnet its users meet: the URL, and the workers that work behind it as anybody's would. */
import type { LotteryBackend } from '../gpu/backend.ts'
import { createRpcClient } from '../gpu/rpc-client.ts'
import { createThreadedBackend } from '../gpu/threaded.ts'
import { type RunningWorker, startWorker } from '../gpu/worker.ts'
import type { WorkerEvent } from '../gpu/worker-events.ts'
import type { DevControls, NodeApi } from '../node/api.ts'
import { listenRpc } from '../node/rpc/listen.ts'
import type { RpcServer } from '../node/rpc/server.ts'
import type { AccountKey } from './keys.ts'

/** CPU workers play at the size where a CPU finds its first ticket soonest. */
const WORKER_MATRIX_SIZE = 256
/** The rest of a core is left to the validators, who share the machine. */
const WORKER_DUTY_CYCLE = 0.3

export interface FrontOptions {
  readonly host?: string
  /** 0 = any free one. */
  readonly port: number
  readonly clientVersion: string
  readonly cors?: '*' | readonly string[]
  readonly onWorker?: (index: number, event: WorkerEvent) => void
  readonly onFailure: (name: string, error: unknown) => void
  /** A JSON-RPC method failed in a way that it did not foresee; its caller was told no more than that. */
  readonly onInternalError?: (method: string, error: unknown) => void
}

export interface Front {
  readonly server: RpcServer
  /** Once, when there is a chain to work for. */
  startWorkers(keys: readonly AccountKey[]): void
  stop(): Promise<void>
}

interface Worker {
  readonly worker: RunningWorker
  readonly backend: LotteryBackend
}

/** @throws QuernError `RPC_LISTEN_FAILED` */
export async function openFront(options: FrontOptions, node: NodeApi, dev: DevControls): Promise<Front> {
  const { port, clientVersion, host, cors } = options
  const server = await listenRpc({
    node,
    dev,
    clientVersion,
    port,
    ...(host === undefined ? {} : { host }),
    ...(cors === undefined ? {} : { cors }),
    log: { internalError: (method, error) => options.onInternalError?.(method, error) },
  })
  let workers: readonly Worker[] = []
  return {
    server,
    startWorkers: (keys) => {
      workers = keys.map((key, index) => start(options, server.url, key, index))
    },
    stop: async () => {
      await Promise.all(workers.map(({ worker }) => worker.stop()))
      await Promise.all(workers.map(({ backend }) => backend.close()))
      await server.close()
    },
  }
}

function start(options: FrontOptions, url: string, key: AccountKey, index: number): Worker {
  const backend = createThreadedBackend()
  const worker = startWorker({
    client: createRpcClient(url),
    backends: [backend],
    privateKey: key.privateKey,
    matrixSize: WORKER_MATRIX_SIZE,
    dutyCycle: WORKER_DUTY_CYCLE,
    onEvent: (event) => options.onWorker?.(index, event),
  })
  worker.done.catch((error: unknown) => options.onFailure(`worker-${index}`, error))
  return { worker, backend }
}
