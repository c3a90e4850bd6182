ALTER TABLE rooms ADD COLUMN deleted_at INTEGER;

-- The change by which a member last came in: `rev` moves with the role, too.
ALTER TABLE members ADD COLUMN entered_rev INTEGER NOT NULL DEFAULT 0;
UPDATE members SET entered_rev = rev;
