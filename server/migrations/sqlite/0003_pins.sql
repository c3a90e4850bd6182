ALTER TABLE messages ADD COLUMN pinned_at INTEGER;

CREATE INDEX messages_pinned ON messages (room_id, seq) WHERE pinned_at IS NOT NULL;
