/** The RPC server, with errors that say what to do about a port or an address that cannot be had. */
import { QuernError } from '../../core/errors.ts'
import { type RpcServer, type RpcServerOptions, startRpcServer } from './server.ts'

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken; stop what listens there, or choose another with --rpc-port (0 = any free one)',
  EACCES: 'this user may not; choose a port above 1023 with --rpc-port',
  EADDRNOTAVAIL: 'this machine has no such address; choose another host',
  ENOTFOUND: 'this machine has no such address; choose another host',
}

/** @throws QuernError `RPC_LISTEN_FAILED` */
export async function listenRpc(options: RpcServerOptions): Promise<RpcServer> {
  try {
    return await startRpcServer(options)
  } catch (cause) {
    const advice = ADVICE[(cause as NodeJS.ErrnoException).code ?? '']
    if (advice === undefined) throw cause
    const where = `${options.host ?? 'loopback'}, port ${options.port}`
    throw new QuernError('RPC_LISTEN_FAILED', `cannot listen on ${where}: ${advice}`, {}, { cause })
  }
}
