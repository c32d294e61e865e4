/** Answers in parts. */
import { Type } from '../method.ts'

/** How many of a list one answer gives. */
export const PageLimit = (maximum: number) =>
  Type.Integer({ minimum: 1, maximum, description: `a number from 1 to ${maximum}` })
