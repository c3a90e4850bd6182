-- One row a fact: `epoch` (G-10).
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    avatar_url   TEXT,
    last_seen_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    topic        TEXT,
    visibility   TEXT NOT NULL CHECK (visibility IN ('public', 'private', 'direct')),
    policy       TEXT NOT NULL,
    rev          INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    settings_rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rooms_listed ON rooms (visibility, name, id);

-- Ended memberships stay, with `left_at`: "what changed since R" must find them (G-1).
CREATE TABLE members (
    room_id      TEXT NOT NULL REFERENCES rooms (id),
    user_id      TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('member', 'moderator', 'owner')),
    joined_at    INTEGER NOT NULL,
    left_at      INTEGER,
    rev          INTEGER NOT NULL,
    read_seq     INTEGER NOT NULL,
    read_rev     INTEGER NOT NULL,
    banned_until INTEGER,
    muted_until  INTEGER,
    last_post_at INTEGER,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user_id, room_id) WHERE left_at IS NULL;
CREATE INDEX members_by_rev ON members (room_id, rev);

CREATE TABLE messages (
    id         TEXT NOT NULL,
    room_id    TEXT NOT NULL REFERENCES rooms (id),
    seq        INTEGER NOT NULL,
    rev        INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    client_id  TEXT,
    digest     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    thread_id  TEXT,
    mentions   TEXT,
    -- The message as it travels.
    body       TEXT NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX messages_by_id ON messages (id);
-- G-4: unique for ever, tombstones included.
CREATE UNIQUE INDEX messages_by_send ON messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_by_rev ON messages (room_id, rev);
CREATE INDEX messages_by_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
