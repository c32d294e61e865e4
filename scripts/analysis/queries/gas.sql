-- What blocks are used for and what it costs: by epoch, how full they are, the base fee, fees, failures and the dearest kind.
WITH kinds AS (
  SELECT epoch, arg_max(kind, gas) AS dearest_kind
  FROM (
    SELECT b.epoch, t.kind, sum(t.gas_used) AS gas
    FROM 'transactions.parquet' t JOIN 'blocks.parquet' b USING (height)
    GROUP BY ALL
  )
  GROUP BY epoch
)
SELECT
  epoch,
  sum(transactions) AS transactions,
  sum(failed_transactions) AS failed,
  sum(gas_used) / sum(gas_limit) AS fill_share,
  max(gas_used / gas_limit) AS fullest_share,
  avg(CAST(base_fee_wei AS DOUBLE)) AS base_fee_wei,
  CAST(sum(fees_burned_wei) AS VARCHAR) AS fees_burned_wei,
  CAST(sum(priority_fees_wei) AS VARCHAR) AS priority_fees_wei,
  dearest_kind
FROM 'blocks.parquet' LEFT JOIN kinds USING (epoch)
WHERE height > 0
GROUP BY epoch, dearest_kind
ORDER BY epoch;
