//! The statement that looks at all workflows.

use super::super::db::Query;

/// The conclusions that decide how a branch stands.
const DECISIVE: &str = "('success', 'failure', 'timed_out', 'startup_failure')";

/// The builds of workflow `w` of repository `r` that count, in the order of
/// `build_workflow_branch`.
const OF_DEFAULT_BRANCH: &str = "FROM build b \
     WHERE b.repository_id = w.repository_id AND b.workflow_id = w.id \
       AND b.branch = r.default_branch AND b.head_repository = ''";
const LATEST: &str = "ORDER BY b.run_number DESC, b.run_attempt DESC LIMIT 1";
const FIRST: &str = "ORDER BY b.run_number, b.run_attempt LIMIT 1";

/// Run number and attempt in one number, to compare with where there may be none.
const PLACE: &str = "CAST(b.run_number AS BIGINT) * 4294967296 + b.run_attempt";
const PLACES_OF_A_RUN: &str = "4294967296";

/// All workflows or the broken ones, with their decisive builds and first failures,
/// and in rows of their own how many are decided: in all, or by repository.
pub(in crate::store) fn standings(broken_only: bool, by_repository: bool) -> Query {
    let counted = if by_repository {
        "s.repository_id"
    } else {
        "0"
    };
    let broken = if broken_only {
        "WHERE s.failed = 1"
    } else {
        ""
    };
    Query::new(&format!(
        "WITH standing AS MATERIALIZED (
             SELECT w.repository_id, w.id,
                    (SELECT CASE b.conclusion WHEN 'success' THEN 0 ELSE 1 END
                     {OF_DEFAULT_BRANCH} AND b.conclusion IN {DECISIVE} {LATEST}) AS failed
             FROM workflow w JOIN repository r ON r.id = w.repository_id
             WHERE r.default_branch <> '' AND r.hidden_time IS NULL
         ), told AS MATERIALIZED (
             SELECT w.repository_id, w.id, w.name, w.path, r.name AS repository,
                    r.default_branch, s.failed,
                    CASE s.failed WHEN 1 THEN
                        COALESCE((SELECT {PLACE}
                                  {OF_DEFAULT_BRANCH} AND b.conclusion = 'success' {LATEST}), 0)
                    END AS last_good
             FROM standing s
             JOIN workflow w ON w.repository_id = s.repository_id AND w.id = s.id
             JOIN repository r ON r.id = w.repository_id
             {broken}
         )
         SELECT w.repository_id, w.id AS workflow_id, w.name, w.path, w.repository,
                d.run_id, d.run_attempt,
                f.run_id AS first_run_id, f.run_attempt AS first_run_attempt,
                f.start_time AS since, CAST(NULL AS BIGINT) AS decided
         FROM told w
         JOIN repository r ON r.id = w.repository_id
         LEFT JOIN build d ON d.repository_id = w.repository_id
             AND (d.run_id, d.run_attempt) = (
                 SELECT b.run_id, b.run_attempt
                 {OF_DEFAULT_BRANCH} AND b.conclusion IN {DECISIVE} {LATEST})
         LEFT JOIN build f ON w.failed = 1 AND f.repository_id = w.repository_id
             AND (f.run_id, f.run_attempt) = (
                 SELECT b.run_id, b.run_attempt
                 {OF_DEFAULT_BRANCH} AND b.conclusion IN {DECISIVE}
                   AND b.run_number >= w.last_good / {PLACES_OF_A_RUN}
                   AND {PLACE} > w.last_good
                 {FIRST})
         UNION ALL
         SELECT {counted}, 0, '', '', '', NULL, NULL, NULL, NULL, NULL, COUNT(s.failed)
         FROM standing s GROUP BY 1"
    ))
}
