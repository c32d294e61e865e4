import fc from 'fast-check'
import { expect, it } from 'vitest'
import { equalBytes } from '../../core/bytes.ts'
import { Pages } from './pages.ts'

it('pages give back every value, of any length, after all that were written later', () => {
  const length = fc.oneof(fc.nat({ max: 100 }), fc.integer({ min: 65_530, max: 65_540 }), fc.constantFrom(0, 200_000))
  fc.assert(
    fc.property(fc.array(length, { maxLength: 12 }), (lengths) => {
      const pages = new Pages()
      const values = lengths.map((each, i) => new Uint8Array(each).fill(i + 1))
      const places = values.map((value) => pages.write(value))
      for (const value of values) value.fill(0)
      for (const [i, place] of places.entries()) {
        expect(equalBytes(pages.read(place), new Uint8Array(lengths[i]!).fill(i + 1))).toBe(true)
      }
    }),
    { numRuns: 500, examples: [[[0]], [[65_536, 0]], [[65_535, 1, 0]], [[200_000, 0, 1]]] },
  )
})
