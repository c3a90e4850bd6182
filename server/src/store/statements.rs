//! Statements that both databases read alike.

/// To be run where nobody else revokes meanwhile.
pub(super) const REVOKE: &str = "
INSERT INTO revocations (user_id, not_before, number)
VALUES ($1, $2, (SELECT COALESCE(max(number), 0) + 1 FROM revocations))
ON CONFLICT (user_id) DO UPDATE SET not_before = excluded.not_before, number = excluded.number
WHERE revocations.not_before < excluded.not_before";

pub(super) const REVOCATION: &str = "SELECT * FROM revocations WHERE user_id = $1";

pub(super) const REVOKED_SINCE: &str = "SELECT * FROM revocations WHERE number > $1 ORDER BY number LIMIT $2";

pub(super) const VISITOR: &str = "
SELECT u.id, u.name, u.avatar_url, r.not_before
FROM (SELECT $1 AS id) AS v LEFT JOIN users AS u ON u.id = v.id LEFT JOIN revocations AS r ON r.user_id = v.id";
