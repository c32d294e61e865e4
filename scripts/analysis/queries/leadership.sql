-- Who led, against who should have: by leader-election weight, which is stake and the work of two epochs before.
-- One row for each validator that was ever in a set. Shares are parts of 1, over all whole or running epochs of the data.
WITH per_epoch AS (
  SELECT epoch, count(*) AS blocks FROM 'blocks.parquet' WHERE height > 0 GROUP BY epoch
),
led AS (
  SELECT proposer AS validator, count(*) AS led FROM 'blocks.parquet' WHERE height > 0 GROUP BY proposer
),
expected AS (
  SELECT
    validator,
    arg_max(name, epoch) AS name,
    -- Weights have more digits than any integer type; as ratios they need no more than a double has.
    sum(CAST(weight AS DOUBLE) / CAST(total_weight AS DOUBLE) * blocks) AS expected,
    sum(CAST(power_wei AS DOUBLE) * blocks) AS power,
    sum(missed_views) AS missed_views
  FROM 'validators.parquet' JOIN per_epoch USING (epoch)
  WHERE in_set
  GROUP BY validator
),
work AS (
  SELECT validator, sum(work_macs) AS work FROM 'validators.parquet' GROUP BY validator
)
SELECT
  validator,
  name,
  coalesce(led, 0) AS blocks_led,
  expected AS blocks_expected,
  coalesce(led, 0) / sum(coalesce(led, 0)) OVER () AS led_share,
  expected / sum(expected) OVER () AS expected_share,
  power / sum(power) OVER () AS stake_share,
  coalesce(CAST(work AS DOUBLE) / nullif(sum(CAST(work AS DOUBLE)) OVER (), 0), 0) AS work_share,
  missed_views
FROM expected LEFT JOIN led USING (validator) LEFT JOIN work USING (validator)
ORDER BY expected DESC, validator;
