-- How long a block waits until it is final, by epoch. What a chain can show: from its timestamp to that of the first block
-- made on a final one, so up to one block interval more than it took.
SELECT
  epoch,
  count(*) AS blocks,
  quantile_cont(finality_ms, 0.5) AS p50_ms,
  quantile_cont(finality_ms, 0.9) AS p90_ms,
  max(finality_ms) AS max_ms,
  avg(interval_ms) AS interval_ms,
  avg(CAST(finalised_directly AS INTEGER)) AS direct_share,
  sum(skipped_views) AS skipped_views
FROM 'timings.parquet'
WHERE finality_ms IS NOT NULL
GROUP BY epoch
ORDER BY epoch;
