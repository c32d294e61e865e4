import { describe, expect, it } from 'vitest'
import { blockedBy, groupsOf } from './partition.ts'

describe('groupsOf', () => {
  it('gives each validator its group, and the rest one of their own', () => {
    expect(
      groupsOf(
        [
          [0, 1],
          [2, 3],
        ],
        4,
      ),
    ).toEqual([0, 0, 1, 1])
    expect(groupsOf([[3]], 4)).toEqual([1, 1, 1, 0])
    expect(groupsOf([], 3)).toEqual([0, 0, 0])
    expect(groupsOf([[], [2]], 3)).toEqual([2, 2, 1])
  })

  it.each([
    [[[0, 4]], 'no validator 4'],
    [[[-1]], 'no validator -1'],
    [[[0.5]], 'no validator 0.5'],
    [[[0], [1, 0]], 'validator 0 is named twice'],
    [[[2, 2]], 'validator 2 is named twice'],
  ])('refuses %j', (groups, why) => {
    expect(() => groupsOf(groups, 4)).toThrow(
      expect.objectContaining({ code: 'PARTITION_INVALID', message: expect.stringContaining(why) }),
    )
  })
})

it('cuts every link between groups, both ways, and no other', () => {
  expect(blockedBy([0, 0, 1, 0])).toEqual([[2], [2], [0, 1, 3], [2]])
  expect(blockedBy([0, 0])).toEqual([[], []])
})
