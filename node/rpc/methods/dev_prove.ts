import { fromHex, toHex } from '../../../core/bytes.ts'
import { signDevelopment } from '../../../vm/zk/development.ts'
import { defineMethod, devControls, required } from '../method.ts'
import { Data, Hash32 } from '../schema.ts'

export const dev_prove = defineMethod({
  name: 'dev_prove',
  summary:
    "What stands in place of a proof under tag 0xdf: the signature of the devnet's development key over a journal's digest. " +
    'Nothing is run or checked. Devnets only.',
  params: [required('imageId', Hash32), required('journalDigest', Hash32)],
  result: Data,
  devOnly: true,
  example: {
    params: [`0x${'00'.repeat(32)}`, `0x${'11'.repeat(32)}`],
    result:
      '0xefbab284a6afb353bfa147cd69c46795ed74b1ae076c672ebe7d3cab4392d6cc6d436cbb3f13cb221971de4749de2f9175cd7a445f3b8a19b4d2370455529820',
  },
  handler: (context, imageId, journalDigest) =>
    toHex(signDevelopment(fromHex(imageId), fromHex(journalDigest), devControls(context).proverKey)),
})
