/** A devnet in this process, for tests that talk to it as its users do: over its URLs, with clients they use already. */
import { defineChain, type Hex } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { expect } from 'vitest'
import { Devnet } from '../../devnet/devnet.ts'
import type { DevnetPlan } from '../../devnet/genesis.ts'
import { DEFAULT_MNEMONIC } from '../../devnet/keys.ts'

/** Blocks come often enough that no test waits long, and seldom enough that two cores keep up with four validators. */
const BLOCK_INTERVAL_MS = 100
/** Tests wait for events, not for times; who waits this long waits for something that will not happen. */
export const PATIENCE = { timeout: 20_000, interval: 20 }

/** Some blocks' time, on a slow day too. */
const STILL_MS = 1_000

/** Blocks that were under way when the quorum went, and may still become final. */
const UNDER_WAY = 2

/** The height at which nothing becomes final any more. */
export async function standsStill(finalHeight: () => Promise<number>): Promise<number> {
  const from = await finalHeight()
  let height = from
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, STILL_MS))
    const next = await finalHeight()
    expect(next, 'nothing but what was under way becomes final').toBeLessThanOrEqual(from + UNDER_WAY)
    if (next === height) return height
    height = next
  }
}

export interface RpcRefusal {
  readonly code: number
  readonly message: string
  readonly data: { readonly tag: string }
}

interface RpcAnswer {
  readonly id: number
  readonly result?: unknown
  readonly error?: RpcRefusal
}

/** The printed accounts, as every wallet derives them. */
export const accountOf = (index: number) => mnemonicToAccount(DEFAULT_MNEMONIC, { addressIndex: index })
export const privateKeyOf = (index: number): Uint8Array => {
  const key = accountOf(index).getHdKey().privateKey
  if (key === null) throw new Error('the account has no private key')
  return new Uint8Array(key)
}

export async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })
  return response.json()
}

/** JSON-RPC as its callers meet it. */
export class RpcUser {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async #answer(method: string, params: unknown): Promise<RpcAnswer> {
    return (await post(this.url, { jsonrpc: '2.0', id: 1, method, params })) as RpcAnswer
  }

  async rpc<T>(method: string, params: unknown = []): Promise<T> {
    const { result, error } = await this.#answer(method, params)
    if (error !== undefined) throw new Error(`${method}: ${error.data?.tag}: ${error.message}`)
    return result as T
  }

  /** Of a call that must be refused. */
  async refusal(method: string, params: unknown = []): Promise<RpcRefusal> {
    const { result, error } = await this.#answer(method, params)
    if (error === undefined) throw new Error(`${method} was answered: ${JSON.stringify(result)}`)
    return error
  }

  /** The receipt, as soon as there is one. */
  async receipt(hash: string): Promise<Record<string, string>> {
    const get = () => this.rpc<Record<string, string> | null>('eth_getTransactionReceipt', [hash])
    await expect.poll(get, PATIENCE).not.toBeNull()
    return (await get())!
  }
}

export class TestDevnet extends RpcUser {
  readonly devnet: Devnet
  /** Nodes or workers that stopped by themselves; none may. */
  readonly #failures: string[]

  private constructor(devnet: Devnet, failures: string[]) {
    super(devnet.ready.rpc)
    this.devnet = devnet
    this.#failures = failures
  }

  /** @param circuitFile without it RISC Zero's receipts are refused */
  static async start(plan: Partial<Omit<DevnetPlan, 'timestampMs'>> = {}, circuitFile?: string): Promise<TestDevnet> {
    const failures: string[] = []
    const devnet = await Devnet.start({
      plan: { validators: 1, workers: 0, blockIntervalMs: BLOCK_INTERVAL_MS, ...plan },
      port: 0,
      circuitFile,
      clientVersion: 'quern/test',
      onFailure: (name, error) => failures.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`),
      onInternalError: (method, error) =>
        failures.push(`${method}: ${error instanceof Error ? error.stack : String(error)}`),
    })
    return new TestDevnet(devnet, failures)
  }

  async stop(): Promise<void> {
    await this.devnet.stop()
    expect(this.#failures).toEqual([])
  }

  get wsUrl(): string {
    return this.devnet.ready.ws
  }

  /** As somebody who never heard of Quern writes it down for viem. */
  get chain() {
    return defineChain({
      id: 26180,
      name: 'Quern devnet',
      nativeCurrency: { name: 'CPC', symbol: 'CPC', decimals: 18 },
      rpcUrls: { default: { http: [this.url], webSocket: [this.wsUrl] } },
    })
  }

  height = async (): Promise<number> => Number(await this.rpc<Hex>('eth_blockNumber'))

  /** Transaction hash of an accepted result in a final block, as soon as there is one. */
  async anyResult(): Promise<Hex> {
    for (let height = 1; ; height++) {
      await expect.poll(async () => (await this.header('finalized')).height, PATIENCE).toBeGreaterThanOrEqual(height)
      if ((await this.header(height)).result_count === 0) continue
      const block = await this.rpc<{ transactions: Hex[] }>('eth_getBlockByNumber', [`0x${height.toString(16)}`, false])
      for (const hash of block.transactions) {
        const result = await this.rpc<{ status: string } | null>('poc_getResult', [hash])
        if (result?.status === 'accepted') return hash
      }
    }
  }

  header = (
    ref: number | 'latest' | 'finalized',
  ): Promise<{ height: number; result_count: number; compute_root: string }> => this.rpc('chain_getHeader', [ref])
}
