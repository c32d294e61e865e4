import net from 'node:net'
import { expect, it } from 'vitest'
import { freePorts, isFree } from './ports.ts'

it('finds ports that are free and all different, and sees one that is taken', async () => {
  const ports = await freePorts(8)
  expect(new Set(ports).size).toBe(8)
  const [port] = ports
  expect(await isFree(port!)).toBe(true)
  const server = net.createServer().listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  expect(await isFree(port!)).toBe(false)
  await new Promise((resolve) => server.close(resolve))
})
