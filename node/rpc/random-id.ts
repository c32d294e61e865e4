/** Ids of filters and subscriptions. Over HTTP nothing else ties a filter to its owner, so nobody may guess one. */
import { randomBytes } from 'node:crypto'
import { bytesToBigInt, type Hex } from '../../core/bytes.ts'
import { quantity } from './schema.ts'

/** 128 random bits as a QUANTITY: geth strips leading zeros too, and some clients insist. */
export const randomId = (): Hex => quantity(bytesToBigInt(randomBytes(16)))
