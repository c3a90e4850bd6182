-- From when on a user's tokens are taken (G-16): one row a user, `not_before` only moves forward. `number` is the row's
-- place among all changes of the table, so that a node can ask for what it has not seen.
CREATE TABLE revocations (
    user_id    TEXT COLLATE "C" PRIMARY KEY,
    not_before BIGINT NOT NULL,
    number     BIGINT NOT NULL UNIQUE
);
