/** The fixture's chain behind a real server, for tests with real clients. */
import { type Fixture, fixture } from './fixture.ts'
import { type RpcServer, startRpcServer } from './server.ts'

export async function serveFixture(): Promise<{ readonly own: Fixture; readonly server: RpcServer }> {
  const own = fixture()
  const server = await startRpcServer({ node: own.chain, dev: own.dev, clientVersion: 'quern/test', port: 0 })
  return { own, server }
}
