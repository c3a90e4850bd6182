-- From when on a user's tokens are taken (G-16): one row a user, `not_before` only moves forward. `number` is the row's
-- place among all changes of the table, so that a node can ask for what it has not seen.
CREATE TABLE revocations (
    user_id    TEXT PRIMARY KEY,
    not_before INTEGER NOT NULL,
    number     INTEGER NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
