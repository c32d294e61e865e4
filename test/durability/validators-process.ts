/**
 * Four validators and a follower on LevelDB in one process, made to be killed: it sends transfers without end, and reports
 * on standard output what a user would have been told is final. What leaves a validator stands in a log before anybody
 * hears it, so that the parent can hold every life against every other.
 *
 *     node --import tsx validators-process.ts DIRECTORY
 */
import fs from 'node:fs'
import path from 'node:path'
import { testKey } from '../../consensus/testing/chain.ts'
import { bls } from '../../core/bls.ts'
import { EMPTY_BYTES, toHex } from '../../core/bytes.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { Cluster } from '../../node/testing/cluster.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import { KILL_PARAMS, NODES, SENDER, STATEMENT_LOG, VALIDATORS } from './kill-plan.ts'
import { statementKey, statementOf } from './statements.ts'
import { tapped } from './tapped-transport.ts'

const directory = process.argv[2]
if (directory === undefined) throw new Error('usage: validators-process.ts DIRECTORY')

// Both are synchronous on Linux: once a line is written, only the machine, not this process, can lose it.
const log = fs.openSync(path.join(directory, STATEMENT_LOG), 'a')
const report = (line: string): void => void fs.writeSync(1, `${line}\n`)

const cluster = new Cluster(VALIDATORS, KILL_PARAMS, bls)
for (let i = 0; i < NODES; i++) {
  const id = `node-${i}`
  cluster.stores[i] = await LevelStore.open(path.join(directory, id))
  const transport = tapped(cluster.hub.connect(id), (message) => {
    const statement = message.type === 'consensus' ? statementOf(id, message.message) : undefined
    if (statement !== undefined) fs.writeSync(log, `${statementKey(statement)}\n`)
    return [message]
  })
  const onFailure = (error: unknown): void => {
    process.stderr.write(`${id} stopped: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  }
  const node = await cluster.start(i, {
    transport,
    onFailure,
    onEvidence: (evidence) => onFailure(new Error(`evidence against ${toHex(evidence.validator)}`)),
  })
  node.subscribe((event) => {
    if (event.type !== 'final') return
    const { block, transactions } = event.block
    report(`final ${i} ${block.header.height} ${toHex(block.hash)}`)
    for (const { hash } of transactions) report(`transfer ${i} ${block.header.height} ${toHex(hash)}`)
  })
}
report('ready')

const { owner, privateKey } = testKey(SENDER)
const { chainId } = KILL_PARAMS
const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n }
for (let turn = 0; ; turn++) {
  const node = cluster.nodes[turn % NODES]
  const nonce = node?.pool().pendingNonce(owner) ?? 0
  const action = { kind: 'TRANSFER', to: testKey(SENDER + 1).owner, value: 1n, memo: EMPTY_BYTES } as const
  // Refused where another node's transfer has not come round yet: the next turn tries again.
  await node?.submit(signNative({ chainId, nonce, ...fees, action }, privateKey))
  await new Promise((resolve) => setTimeout(resolve, KILL_PARAMS.blockIntervalMs / 4))
}
