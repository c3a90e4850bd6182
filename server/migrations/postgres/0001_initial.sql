-- One row a fact: `epoch` (G-10).
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Identifiers are ASCII, and a cursor over them must order as SQLite and the protocol do: byte by byte.
CREATE TABLE users (
    id           TEXT COLLATE "C" PRIMARY KEY,
    name         TEXT NOT NULL,
    avatar_url   TEXT,
    last_seen_at BIGINT
);

CREATE TABLE rooms (
    id           TEXT COLLATE "C" PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    topic        TEXT,
    visibility   TEXT NOT NULL CHECK (visibility IN ('public', 'private', 'direct')),
    policy       TEXT NOT NULL,
    rev          BIGINT NOT NULL,
    seq          BIGINT NOT NULL,
    member_count BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    settings_rev BIGINT NOT NULL,
    deleted_at   BIGINT
) WITH (fillfactor = 70);

CREATE INDEX rooms_listed ON rooms (visibility, name, id);

-- Ended memberships stay, with `left_at`: "what changed since R" must find them (G-1).
CREATE TABLE members (
    room_id      TEXT COLLATE "C" NOT NULL REFERENCES rooms (id),
    user_id      TEXT COLLATE "C" NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('member', 'moderator', 'owner')),
    joined_at    BIGINT NOT NULL,
    left_at      BIGINT,
    rev          BIGINT NOT NULL,
    -- The change by which a member last came in: `rev` moves with the role, too.
    entered_rev  BIGINT NOT NULL,
    read_seq     BIGINT NOT NULL,
    read_rev     BIGINT NOT NULL,
    banned_until BIGINT,
    muted_until  BIGINT,
    last_post_at BIGINT,
    PRIMARY KEY (room_id, user_id)
) WITH (fillfactor = 80);

CREATE INDEX members_by_user ON members (user_id, room_id) WHERE left_at IS NULL;
CREATE INDEX members_by_rev ON members (room_id, rev);

CREATE TABLE messages (
    id         TEXT COLLATE "C" NOT NULL,
    room_id    TEXT COLLATE "C" NOT NULL REFERENCES rooms (id),
    seq        BIGINT NOT NULL,
    rev        BIGINT NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL,
    client_id  TEXT COLLATE "C",
    digest     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    thread_id  TEXT COLLATE "C",
    pinned_at  BIGINT,
    mentions   JSONB,
    -- What it is found by. The words are made by the server: Postgres's own parser knows no letters in this locale.
    words      TSVECTOR NOT NULL,
    -- The order in which searches go through all rooms. Holes do no harm.
    doc        BIGINT GENERATED ALWAYS AS IDENTITY,
    -- The message as it travels: text, because JSONB would order an application's metadata anew.
    body       TEXT NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE UNIQUE INDEX messages_by_id ON messages (id);
-- G-4: unique for ever, tombstones included.
CREATE UNIQUE INDEX messages_by_send ON messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_by_rev ON messages (room_id, rev);
CREATE INDEX messages_by_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
CREATE INDEX messages_pinned ON messages (room_id, seq) WHERE pinned_at IS NOT NULL;
CREATE INDEX messages_by_words ON messages USING gin (words);

-- Who reacted with what. The counts are in the message; a message without any has no rows here.
CREATE TABLE reactions (
    message_id TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C" NOT NULL,
    emoji      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (message_id, user_id, emoji)
);

-- Who does not want to be brought into rooms by whom.
CREATE TABLE blocks (
    user_id    TEXT COLLATE "C" NOT NULL,
    blocked_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);
