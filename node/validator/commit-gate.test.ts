import { expect, it } from 'vitest'
import { CommitGate } from './commit-gate.ts'

it('keeps who waits out of every one of several commits in a row, however late it goes on', async () => {
  const gate = new CommitGate()
  let isCommitting = false
  const met: boolean[] = []
  const wait = async (): Promise<void> => {
    while (gate.busy !== undefined) await gate.busy
    met.push(isCommitting)
  }
  const commits = (async () => {
    for (let i = 0; i < 5; i++) {
      await gate.during(async () => {
        isCommitting = true
        await Promise.resolve()
        isCommitting = false
      })
    }
  })()
  // Some begin to wait during each of them.
  const waits: Promise<void>[] = []
  for (let turn = 0; turn < 30; turn++) {
    waits.push(wait())
    await Promise.resolve()
  }
  await Promise.all([commits, ...waits])
  expect(met).toHaveLength(30)
  expect(met).not.toContain(true)
})

it('opens again after a commit that failed', async () => {
  const gate = new CommitGate()
  await expect(gate.during(() => Promise.reject(new Error('disk')))).rejects.toThrow('disk')
  expect(gate.busy).toBeUndefined()
})
