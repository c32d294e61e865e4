import { expect, it } from 'vitest'
import { Opened } from './opened.ts'

it('what was opened is closed once, newest first, whatever one of them throws', async () => {
  const opened = new Opened()
  const closed: string[] = []
  opened.add(() => void closed.push('store'))
  opened.add(async () => {
    closed.push('network')
    throw new Error('gone')
  })
  opened.add(() => void closed.push('rpc'))
  const both = await Promise.allSettled([opened.close(), opened.close()])
  expect(both).toMatchObject([{ reason: { message: 'gone' } }, { reason: { message: 'gone' } }])
  expect(closed).toEqual(['rpc', 'network', 'store'])
})
