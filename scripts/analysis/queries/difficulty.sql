-- Whether difficulty follows the work: by epoch, D, the work verified in it, and the step to the next D, which the rule makes
-- from this work: by a factor of four at most, and never below the floor.
WITH per_epoch AS (
  SELECT epoch, count(*) AS blocks, max(difficulty_macs) AS difficulty, sum(results) AS results
  FROM 'blocks.parquet' WHERE height > 0 GROUP BY epoch
),
work AS (
  SELECT epoch, sum(work_macs) AS work, avg(age_blocks) AS age FROM 'results.parquet' WHERE accepted = 1 GROUP BY epoch
)
SELECT
  epoch,
  CAST(difficulty AS DOUBLE) AS difficulty_macs,
  results,
  results / blocks AS results_per_block,
  coalesce(CAST(work AS DOUBLE), 0) / blocks AS work_per_block_macs,
  lead(CAST(difficulty AS DOUBLE)) OVER (ORDER BY epoch) / CAST(difficulty AS DOUBLE) AS step_to_next,
  age AS seed_age_blocks
FROM per_epoch LEFT JOIN work USING (epoch)
ORDER BY epoch;
