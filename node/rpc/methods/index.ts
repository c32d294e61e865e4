/** Every JSON-RPC method of this node. One file each; the test beside holds that none is forgotten. */
import type { RpcMethod } from '../method.ts'
import { chain_getCertificate } from './chain_getCertificate.ts'
import { chain_getGenesis } from './chain_getGenesis.ts'
import { chain_getHeader } from './chain_getHeader.ts'
import { chain_getLeaders } from './chain_getLeaders.ts'
import { chain_getRewards } from './chain_getRewards.ts'
import { chain_getStateProof } from './chain_getStateProof.ts'
import { chain_getStatus } from './chain_getStatus.ts'
import { chain_getSupply } from './chain_getSupply.ts'
import { chain_getValidator } from './chain_getValidator.ts'
import { chain_getValidators } from './chain_getValidators.ts'
import { chain_subscribe } from './chain_subscribe.ts'
import { chain_traceBlock } from './chain_traceBlock.ts'
import { chain_traceTransaction } from './chain_traceTransaction.ts'
import { chain_unsubscribe } from './chain_unsubscribe.ts'
import { dev_fund } from './dev_fund.ts'
import { dev_getNodes } from './dev_getNodes.ts'
import { dev_heal } from './dev_heal.ts'
import { dev_increaseTime } from './dev_increaseTime.ts'
import { dev_killValidator } from './dev_killValidator.ts'
import { dev_mine } from './dev_mine.ts'
import { dev_partition } from './dev_partition.ts'
import { dev_prove } from './dev_prove.ts'
import { dev_restartValidator } from './dev_restartValidator.ts'
import { dev_revert } from './dev_revert.ts'
import { dev_setBalance } from './dev_setBalance.ts'
import { dev_setNextBlockTimestamp } from './dev_setNextBlockTimestamp.ts'
import { dev_snapshot } from './dev_snapshot.ts'
import { eth_accounts } from './eth_accounts.ts'
import { eth_blockNumber } from './eth_blockNumber.ts'
import { eth_call } from './eth_call.ts'
import { eth_chainId } from './eth_chainId.ts'
import { eth_estimateGas } from './eth_estimateGas.ts'
import { eth_feeHistory } from './eth_feeHistory.ts'
import { eth_gasPrice } from './eth_gasPrice.ts'
import { eth_getBalance } from './eth_getBalance.ts'
import { eth_getBlockByHash } from './eth_getBlockByHash.ts'
import { eth_getBlockByNumber } from './eth_getBlockByNumber.ts'
import { eth_getBlockReceipts } from './eth_getBlockReceipts.ts'
import { eth_getBlockTransactionCountByHash } from './eth_getBlockTransactionCountByHash.ts'
import { eth_getBlockTransactionCountByNumber } from './eth_getBlockTransactionCountByNumber.ts'
import { eth_getCode } from './eth_getCode.ts'
import { eth_getFilterChanges } from './eth_getFilterChanges.ts'
import { eth_getFilterLogs } from './eth_getFilterLogs.ts'
import { eth_getLogs } from './eth_getLogs.ts'
import { eth_getStorageAt } from './eth_getStorageAt.ts'
import { eth_getTransactionByBlockHashAndIndex } from './eth_getTransactionByBlockHashAndIndex.ts'
import { eth_getTransactionByBlockNumberAndIndex } from './eth_getTransactionByBlockNumberAndIndex.ts'
import { eth_getTransactionByHash } from './eth_getTransactionByHash.ts'
import { eth_getTransactionCount } from './eth_getTransactionCount.ts'
import { eth_getTransactionReceipt } from './eth_getTransactionReceipt.ts'
import { eth_maxPriorityFeePerGas } from './eth_maxPriorityFeePerGas.ts'
import { eth_newBlockFilter } from './eth_newBlockFilter.ts'
import { eth_newFilter } from './eth_newFilter.ts'
import { eth_newPendingTransactionFilter } from './eth_newPendingTransactionFilter.ts'
import { eth_sendRawTransaction } from './eth_sendRawTransaction.ts'
import { eth_sendTransaction } from './eth_sendTransaction.ts'
import { eth_signTypedData_v4 } from './eth_signTypedData_v4.ts'
import { eth_subscribe } from './eth_subscribe.ts'
import { eth_syncing } from './eth_syncing.ts'
import { eth_uninstallFilter } from './eth_uninstallFilter.ts'
import { eth_unsubscribe } from './eth_unsubscribe.ts'
import { evm_mine } from './evm_mine.ts'
import { light_ask } from './light_ask.ts'
import { net_listening } from './net_listening.ts'
import { net_peerCount } from './net_peerCount.ts'
import { net_peers } from './net_peers.ts'
import { net_version } from './net_version.ts'
import { node_capabilities } from './node_capabilities.ts'
import { node_info } from './node_info.ts'
import { personal_sign } from './personal_sign.ts'
import { poc_getComputeProof } from './poc_getComputeProof.ts'
import { poc_getDifficulty } from './poc_getDifficulty.ts'
import { poc_getEpoch } from './poc_getEpoch.ts'
import { poc_getResult } from './poc_getResult.ts'
import { poc_getResults } from './poc_getResults.ts'
import { poc_getWork } from './poc_getWork.ts'
import { poc_getWorker } from './poc_getWorker.ts'
import { poc_getWorkers } from './poc_getWorkers.ts'
import { rpc_discover } from './rpc.discover.ts'
import { txpool_content } from './txpool_content.ts'
import { txpool_contentFrom } from './txpool_contentFrom.ts'
import { txpool_inspect } from './txpool_inspect.ts'
import { txpool_status } from './txpool_status.ts'
import { vprog_getCovenant } from './vprog_getCovenant.ts'
import { vprog_getDeposits } from './vprog_getDeposits.ts'
import { vprog_getLane } from './vprog_getLane.ts'
import { vprog_getLaneProof } from './vprog_getLaneProof.ts'
import { vprog_getLineage } from './vprog_getLineage.ts'
import { vprog_getOutput } from './vprog_getOutput.ts'
import { vprog_getSettlements } from './vprog_getSettlements.ts'
import { vprog_getTwoAnchorProof } from './vprog_getTwoAnchorProof.ts'
import { vprog_listPrograms } from './vprog_listPrograms.ts'
import { vprog_subscribe } from './vprog_subscribe.ts'
import { vprog_unsubscribe } from './vprog_unsubscribe.ts'
import { vprog_verifyProof } from './vprog_verifyProof.ts'
import { web3_clientVersion } from './web3_clientVersion.ts'
import { web3_sha3 } from './web3_sha3.ts'

export const methods: readonly RpcMethod[] = [
  // Ethereum's
  eth_accounts,
  eth_blockNumber,
  eth_call,
  eth_chainId,
  eth_estimateGas,
  eth_feeHistory,
  eth_gasPrice,
  eth_getBalance,
  eth_getBlockByHash,
  eth_getBlockByNumber,
  eth_getBlockReceipts,
  eth_getBlockTransactionCountByHash,
  eth_getBlockTransactionCountByNumber,
  eth_getCode,
  eth_getFilterChanges,
  eth_getFilterLogs,
  eth_getLogs,
  eth_getStorageAt,
  eth_getTransactionByBlockHashAndIndex,
  eth_getTransactionByBlockNumberAndIndex,
  eth_getTransactionByHash,
  eth_getTransactionCount,
  eth_getTransactionReceipt,
  eth_maxPriorityFeePerGas,
  eth_newBlockFilter,
  eth_newFilter,
  eth_newPendingTransactionFilter,
  eth_sendRawTransaction,
  eth_sendTransaction,
  eth_signTypedData_v4,
  eth_subscribe,
  eth_syncing,
  eth_uninstallFilter,
  eth_unsubscribe,
  net_listening,
  net_peerCount,
  net_version,
  personal_sign,
  rpc_discover,
  txpool_content,
  txpool_contentFrom,
  txpool_inspect,
  txpool_status,
  web3_clientVersion,
  web3_sha3,
  // our own
  chain_getCertificate,
  chain_getGenesis,
  chain_getHeader,
  chain_getLeaders,
  chain_getRewards,
  chain_getStateProof,
  chain_getStatus,
  chain_getSupply,
  chain_getValidator,
  chain_getValidators,
  chain_subscribe,
  chain_traceBlock,
  chain_traceTransaction,
  chain_unsubscribe,
  dev_fund,
  dev_getNodes,
  dev_heal,
  dev_increaseTime,
  dev_killValidator,
  dev_mine,
  dev_partition,
  dev_prove,
  dev_restartValidator,
  dev_revert,
  dev_setBalance,
  dev_setNextBlockTimestamp,
  dev_snapshot,
  evm_mine,
  light_ask,
  net_peers,
  node_capabilities,
  node_info,
  poc_getComputeProof,
  poc_getDifficulty,
  poc_getEpoch,
  poc_getResult,
  poc_getResults,
  poc_getWork,
  poc_getWorker,
  poc_getWorkers,
  vprog_getCovenant,
  vprog_getDeposits,
  vprog_getLane,
  vprog_getLaneProof,
  vprog_getLineage,
  vprog_getOutput,
  vprog_getSettlements,
  vprog_getTwoAnchorProof,
  vprog_listPrograms,
  vprog_subscribe,
  vprog_unsubscribe,
  vprog_verifyProof,
]
