/**
 * Makes a chain, takes every road to it (test/durability/all-roads.ts), and ends with 1 unless all of them lead to the same
 * head and state, and a light client verifies a balance, a result, an output and a lane at the end of each.
 *
 *     npx tsx scripts/all-roads.ts [--blocks 2000]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { takeAllRoads } from '../test/durability/all-roads.ts'

const { values } = parseArgs({ options: { blocks: { type: 'string', default: '2000' } } })
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-roads-'))
try {
  const { made, ends, expected, proofs, snapshotHeight, seconds } = await takeAllRoads(folder, Number(values.blocks))
  console.log(JSON.stringify({ ...made, snapshotHeight, seconds }))
  const wrong = [
    ...Object.entries(ends).filter(([, end]) => !isDeepStrictEqual(end, made)),
    ...Object.entries(proofs).filter(([, proof]) => !isDeepStrictEqual(proof, expected)),
  ]
  for (const [road, found] of wrong) console.error(`the road ${road}:`, found)
  const isFollowed = snapshotHeight > 0 && snapshotHeight < made.height
  if (!isFollowed) console.error('the chain does not go on behind a snapshot: make it longer, by no whole epoch')
  if (wrong.length > 0 || !isFollowed) process.exitCode = 1
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}
