import { describe, expect, it } from 'vitest'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { namesOf, type ScriptVector } from './testing/vectors.ts'

const vectors = sharedVectors<readonly ScriptVector[]>('kaspa_script_tests.json')

describe.skipIf(vectors === undefined)('kaspa_script_tests.json', () => {
  it('every entry ends as it says', () => {
    const wrong = vectors!.flatMap((vector, i) => {
      const names = namesOf(vector)
      return names.includes(vector[3]) ? [] : [{ i, vector, names }]
    })
    expect(wrong).toEqual([])
    expect(vectors!).toHaveLength(478)
  })
})
