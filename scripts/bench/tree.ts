/**
 * State tree: updates per second of `updateTree` against the naive tree, which recomputes the definition over all keys,
 * in one process. Also a block of 10,000 writes on a large tree, in memory. Run: npx tsx scripts/bench/tree.ts [keys]
 */
import { sha256 } from '../../core/hash.ts'
import { type NodeReader, positionId, type TreeNode, type TreeWrite, updateTree } from '../../core/smt/index.ts'
import { ReferenceTree } from '../../core/smt/testing/reference.ts'
import { perSecond, printTable, secondsOf, times } from './report.ts'

const NAIVE_KEYS = 20_000
const BATCH = 200
const BLOCK_WRITES = 10_000
const largeKeys = Number(process.argv[2] ?? 200_000)

const write = (i: number, round: number): TreeWrite => ({
  key: sha256(Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)),
  valueHash: sha256(Uint8Array.of(round, i >>> 24, i >>> 16, i >>> 8, i)),
})
const writes = (from: number, count: number, round: number) =>
  Array.from({ length: count }, (_, i) => write(from + i, round))

function mapTree() {
  const nodes = new Map<string, TreeNode>()
  const read: NodeReader = (position) => nodes.get(positionId(position))
  return (batch: readonly TreeWrite[]): Uint8Array => {
    const update = updateTree(read, batch)
    for (const [id, node] of update.nodes) {
      if (node.kind === 0) nodes.delete(id)
      else nodes.set(id, node)
    }
    return update.root
  }
}

const rows: string[][] = []
const add = (label: string, count: number, seconds: number) => rows.push([label, perSecond(count, seconds)])

const real = mapTree()
const naive = new ReferenceTree()
const initial = writes(0, NAIVE_KEYS, 0)
real(initial)
for (const { key, valueHash } of initial) naive.write(key, valueHash)
const rounds = 10
const batches = Array.from({ length: rounds }, (_, round) => writes(round * 10, BATCH, round + 1))
const runReal = () => {
  for (const batch of batches) real(batch)
}
const runNaive = () => {
  for (const batch of batches) {
    for (const { key, valueHash } of batch) naive.write(key, valueHash)
    naive.root()
  }
}
// Once untimed, so that both are compiled. Batches overlap with other values, so the work repeats.
runReal()
runNaive()
const realSeconds = await secondsOf(runReal)
const naiveSeconds = await secondsOf(runNaive)
add(`updateTree, ${BATCH} writes on ${NAIVE_KEYS} keys`, rounds * BATCH, realSeconds)
add(`naive tree, ${BATCH} writes on ${NAIVE_KEYS} keys`, rounds * BATCH, naiveSeconds)

const large = mapTree()
const fill = writes(0, largeKeys, 0)
add(`updateTree, first fill of ${largeKeys} keys`, largeKeys, await secondsOf(() => void large(fill)))
const block = writes(0, BLOCK_WRITES, 1).map((_, i) => write((i * 7919) % largeKeys, 1))
add(`updateTree, ${BLOCK_WRITES} writes on ${largeKeys} keys`, BLOCK_WRITES, await secondsOf(() => void large(block)))
printTable(['', 'writes/s'], rows)
console.log(`updateTree to naive: ${times(naiveSeconds / realSeconds)}`)
