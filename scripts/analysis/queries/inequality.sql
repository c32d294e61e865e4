-- How unequal rewards are: a Lorenz curve and the Gini coefficient for validators and for workers.
-- One row for each recipient, poorest first: the part of recipients up to it, the part of the money they got together.
WITH income AS (
  SELECT
    CASE kind WHEN 'payout' THEN 'workers' ELSE 'validators' END AS party,
    recipient,
    sum(amount_wei) AS wei
  FROM 'rewards.parquet'
  WHERE kind <> 'pool'
  GROUP BY ALL
),
ranked AS (
  SELECT
    *,
    row_number() OVER poorest_first AS rank,
    count(*) OVER (PARTITION BY party) AS recipients,
    CAST(sum(wei) OVER poorest_first AS DOUBLE) AS cumulated,
    CAST(sum(wei) OVER (PARTITION BY party) AS DOUBLE) AS total
  FROM income
  WINDOW poorest_first AS (PARTITION BY party ORDER BY wei, recipient ROWS UNBOUNDED PRECEDING)
)
SELECT
  party,
  recipient,
  CAST(wei AS VARCHAR) AS wei,
  rank / recipients AS recipients_share,
  cumulated / total AS wei_share,
  -- 1 - 2 * (area under the curve), by trapezoids.
  1 - sum(2 * cumulated - CAST(wei AS DOUBLE)) OVER (PARTITION BY party) / (total * recipients) AS gini
FROM ranked
ORDER BY party, rank;
