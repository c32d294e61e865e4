/** What holds for every method: one file each, and an example that its own schemas accept. */
import { readdirSync } from 'node:fs'
import Ajv from 'ajv'
import { describe, expect, it } from 'vitest'
import { openRpcDocument } from '../openrpc.ts'
import { methods } from './index.ts'

const files = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('index.'))
  .map((file) => file.replace(/\.ts$/, ''))
const names = files.filter((file) => !file.endsWith('.test'))

describe('the methods', () => {
  it('are the files of this folder, each with its test', () => {
    expect(methods.map(({ name }) => name).sort()).toEqual(names.sort())
    expect(names.filter((name) => !files.includes(`${name}.test`))).toEqual([])
  })

  it('have names and aliases that are all different', () => {
    const all = methods.flatMap(({ name, aliases }) => [name, ...aliases])
    expect(new Set(all).size).toBe(all.length)
  })

  it('take their optional parameters last', () => {
    for (const { name, params } of methods) {
      const flags = params.map(({ optional }) => optional)
      expect([name, flags]).toEqual([name, [...flags].sort()])
    }
  })

  it('show examples that fit the schemas of the OpenRPC document', () => {
    // Read back from text, by another library than the one that checks requests.
    const document: ReturnType<typeof openRpcDocument> = JSON.parse(JSON.stringify(openRpcDocument(methods)))
    const ajv = new Ajv.default({ strict: false })
    for (const { name, params, result, examples } of document.methods) {
      for (const example of examples) {
        const given = new Map(example.params.map((param) => [param.name, param.value]))
        for (const { name: param, required, schema } of params) {
          const value = given.get(param)
          if (value === undefined) expect([name, param, required]).toEqual([name, param, false])
          else
            expect([name, param, ajv.validate(schema, value), ajv.errorsText()]).toEqual([
              name,
              param,
              true,
              'No errors',
            ])
          given.delete(param)
        }
        expect([name, [...given.keys()]]).toEqual([name, []])
        const fits = ajv.validate(result.schema, example.result.value)
        expect([name, fits, ajv.errorsText()]).toEqual([name, true, 'No errors'])
      }
    }
  })

  it('say in one sentence or two what they do', () => {
    for (const { name, summary } of methods) expect([name, /^.{15,400}\.$/.test(summary)]).toEqual([name, true])
  })
})
