/** Ports of loopback for processes that are told theirs before they start. */
import net from 'node:net'

const HOST = '127.0.0.1'

/** Listens until the returned function is called. @throws NodeJS error `EADDRINUSE` */
function hold(port: number): Promise<{ readonly port: number; release(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(port, HOST, () => {
      const release = (): Promise<void> => new Promise((done) => server.close(() => done()))
      resolve({ port: (server.address() as net.AddressInfo).port, release })
    })
  })
}

/** Different ones, all free a moment ago, which is as much as can be known. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // Held together, so that none is given twice.
  const held = await Promise.all(Array.from({ length: count }, () => hold(0)))
  await Promise.all(held.map(({ release }) => release()))
  return held.map(({ port }) => port)
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await (await hold(port)).release()
    return true
  } catch {
    return false
  }
}
