-- A reaction that was taken back is remembered with the change that took it: an attempt of before that comes late must
-- not give it again. Of what was there already it is not known when it was given.
ALTER TABLE reactions ADD COLUMN given INTEGER NOT NULL DEFAULT 1;
ALTER TABLE reactions ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
