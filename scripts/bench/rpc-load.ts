/** The client side of the ingest benchmark, the same for every server: prepared bodies over a few kept connections. */
import http from 'node:http'

/** One kept connection; requests go one after the other. */
export class Connection {
  readonly #url: string
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

  constructor(url: string) {
    this.#url = url
  }

  post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const request = http.request(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve(Buffer.concat(parts).toString()))
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    const answer = JSON.parse(await this.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as {
      readonly result?: unknown
      readonly error?: { readonly message: string }
    }
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }

  close(): void {
    this.#agent.destroy()
  }
}

export interface Account {
  /** 0x, lower case. */
  readonly address: string
  /** Of `latest`, once all is included. */
  readonly nonce: number
}

export interface IngestResult {
  /** From the first byte sent to the answer of the last batch. */
  readonly sendSeconds: number
  /** From the first byte sent until the last transaction is in the newest block. */
  readonly totalSeconds: number
}

/** Between questions whether all is included: often against a block interval, seldom against the server's work. */
const POLL_MS = 20
/** Nothing included for so long: something is lost. */
const PATIENCE_MS = 60_000

/**
 * Sends the batches, each connection taking the next one as soon as its last is answered, then waits for inclusion.
 * @throws Error when a transaction is refused or never included
 */
export async function ingest(
  url: string,
  bodies: readonly string[],
  connections: number,
  accounts: readonly Account[],
): Promise<IngestResult> {
  const senders = Array.from({ length: connections }, () => new Connection(url))
  // Opened before the clock starts.
  await Promise.all(senders.map((sender) => sender.call('eth_chainId', [])))
  const answers: string[] = []
  const startMs = performance.now()
  let next = 0
  const send = async (sender: Connection): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) answers.push(await sender.post(body))
  }
  await Promise.all(senders.map(send))
  const sentMs = performance.now()
  await included(senders[0]!, accounts)
  const endMs = performance.now()
  for (const sender of senders) sender.close()
  for (const answer of answers) {
    if (answer.includes('"error"')) throw new Error(`a batch was refused: ${answer.slice(0, 300)}`)
  }
  return { sendSeconds: (sentMs - startMs) / 1_000, totalSeconds: (endMs - startMs) / 1_000 }
}

/** Asks for one account at a time, the last to send first: one cheap call a round while anything is missing. */
async function included(connection: Connection, accounts: readonly Account[]): Promise<void> {
  const missing = [...accounts]
  const deadlineMs = performance.now() + PATIENCE_MS
  for (let account = missing.at(-1); account !== undefined; account = missing.at(-1)) {
    const nonce = Number(await connection.call('eth_getTransactionCount', [account.address, 'latest']))
    if (nonce >= account.nonce) {
      missing.pop()
      continue
    }
    if (performance.now() > deadlineMs) throw new Error(`${account.address} stays at nonce ${nonce}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
