/** The tables of a store by the first byte of their keys, as commands name them (layout.ts). */
export const TABLE_NAMES: Readonly<Record<number, string>> = {
  0: 'layout version',
  1: 'genesis hash',
  2: 'head',
  3: 'signing sessions',
  4: 'what is held',
  5: 'snapshot under way',
  6: 'migration under way',
  16: 'blocks',
  17: 'block hashes',
  18: 'receipts',
  19: 'senders',
  20: 'transaction hashes',
  21: 'notarizations',
  22: 'finalizations',
  23: 'ends of epochs',
  24: 'headers of ends of epochs',
  25: 'sets after epochs',
  32: 'state values',
  33: 'past state values',
  34: 'changes of state values',
  48: 'state tree',
  64: 'journal',
  65: 'waiting evidence',
}

export const tableName = (key: Uint8Array): string => TABLE_NAMES[key[0] ?? -1] ?? 'no table'
