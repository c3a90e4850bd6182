-- A number for each message that can be found, in the order in which they came.
CREATE TABLE search_docs (
    doc     INTEGER PRIMARY KEY,
    room_id TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    UNIQUE (room_id, seq)
) STRICT;

-- The words alone: the text is in the message. `room` holds one word for the room, so that a search in one reads
-- nothing of the others.
CREATE VIRTUAL TABLE search USING fts5 (
    text, room, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
