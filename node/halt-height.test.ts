import { afterEach, expect, it } from 'vitest'
import { Cluster } from './testing/cluster.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

it('no block above the halt height becomes final, not even where a peer hands over many at once', async () => {
  cluster = new Cluster(1)
  const [validator] = await cluster.startAll()
  await cluster.until(validator!, 12)
  const failures: unknown[] = []
  // It goes on as long as nobody stops it: that it stands still is not the listener's doing.
  const follower = await cluster.start(1, { haltHeight: 5, onFailure: (error) => failures.push(error) })
  await cluster.until(follower, () => failures.length > 0)
  expect(failures).toEqual([expect.objectContaining({ code: 'HALT_HEIGHT' })])
  await cluster.stop(1)
  expect(follower.finalized().height).toBe(5)
  const again = await cluster.start(1, { onFailure: (error) => failures.push(error) })
  expect(again.finalized().height).toBe(5)
  await cluster.until(again, 9)
  expect(failures).toHaveLength(1)
})
