"""Every statement of the log, written for PostgreSQL. `sqlite.py` translates the few words that differ.

Times are microseconds since 1970 by the database's clock, `eda_log_now()`. A position counts the messages of one partition from 1, without
gaps: a cursor at 7 says that 1 to 7 are done.
"""

from __future__ import annotations

CHANNELS = "SELECT id, address, partitions, retention FROM eda_log_channels"

PARTITIONS = "SELECT channel_id, id FROM eda_log_partitions ORDER BY channel_id, number"

CREATE_CHANNEL = """
INSERT INTO eda_log_channels (address, partitions, retention) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""

CHANGE_CHANNEL = """
UPDATE eda_log_channels SET
    partitions = CASE WHEN partitions < $2 THEN $2 ELSE partitions END,
    retention = CASE WHEN retention < $3 THEN $3 ELSE retention END
WHERE address = $1"""

CREATE_PARTITION = """
INSERT INTO eda_log_partitions (channel_id, number) SELECT id, $2 FROM eda_log_channels WHERE address = $1
ON CONFLICT DO NOTHING"""

CREATE_CURSORS = """
INSERT INTO eda_log_cursors (partition_id, group_name)
SELECT p.id, $2 FROM eda_log_partitions p JOIN eda_log_channels c ON c.id = p.channel_id WHERE c.address = $1
ON CONFLICT DO NOTHING"""

GROUPS = """
SELECT DISTINCT c.address, cursors.group_name
FROM eda_log_cursors cursors
JOIN eda_log_partitions p ON p.id = cursors.partition_id JOIN eda_log_channels c ON c.id = p.channel_id"""

LOCK_HEADS = """
SELECT p.id, p.head, c.partitions FROM eda_log_partitions p JOIN eda_log_channels c ON c.id = p.channel_id
WHERE p.id = ANY($1::bigint[]) ORDER BY p.id FOR UPDATE OF p"""

ADVANCE_HEAD = "UPDATE eda_log_partitions SET head = $2 WHERE id = $1"

APPEND = """
INSERT INTO eda_log_messages (partition_id, position, key, address, headers, body, appended_at)
VALUES ($1, $2, $3, $4, $5, $6, eda_log_now())"""

OWNED_HEADS = """
SELECT cursors.partition_id, cursors.epoch, p.head
FROM eda_log_cursors cursors JOIN eda_log_partitions p ON p.id = cursors.partition_id
WHERE cursors.group_name = $1 AND cursors.owner = $2"""

READ = """
SELECT position, key, address, headers, body, appended_at FROM eda_log_messages
WHERE partition_id = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4"""

MOVE_CURSOR = """
UPDATE eda_log_cursors SET position = $5
WHERE partition_id = $1 AND group_name = $2 AND owner = $3 AND epoch = $4 AND position < $5"""

OBSERVE_LEASES = """
SELECT p.id, p.number, cursors.owner, cursors.epoch, cursors.expires_at, eda_log_now()
FROM eda_log_partitions p
LEFT JOIN eda_log_cursors cursors ON cursors.partition_id = p.id AND cursors.group_name = $2
WHERE p.channel_id = $1 ORDER BY p.number"""

OBSERVE_WORKERS = """
SELECT worker FROM eda_log_workers WHERE channel_id = $1 AND group_name = $2 AND expires_at > eda_log_now() ORDER BY worker"""

ENLIST_WORKER = """
INSERT INTO eda_log_workers (channel_id, group_name, worker, expires_at) VALUES ($1, $2, $3, eda_log_now() + $4)
ON CONFLICT (channel_id, group_name, worker) DO UPDATE SET expires_at = excluded.expires_at"""

FORGET_EXPIRED_WORKERS = "DELETE FROM eda_log_workers WHERE expires_at <= eda_log_now()"

FORGET_WORKER = "DELETE FROM eda_log_workers WHERE channel_id = $1 AND group_name = $2 AND worker = $3"

RENEW = "UPDATE eda_log_cursors SET expires_at = eda_log_now() + $3 WHERE group_name = $1 AND owner = $2"

CLAIM = """
UPDATE eda_log_cursors SET owner = $3, epoch = epoch + 1, expires_at = eda_log_now() + $4
WHERE group_name = $1 AND partition_id = ANY($2::bigint[]) AND (owner IS NULL OR expires_at <= eda_log_now())
RETURNING partition_id, epoch, position"""

HAND_BACK = """
UPDATE eda_log_cursors SET owner = NULL, expires_at = 0
WHERE group_name = $1 AND partition_id = ANY($2::bigint[]) AND owner = $3"""

HAND_BACK_ALL = "UPDATE eda_log_cursors SET owner = NULL, expires_at = 0 WHERE group_name = $1 AND owner = $2"

LAG = """
SELECT p.head - COALESCE(cursors.position, 0), eda_log_now() - (
  SELECT m.appended_at FROM eda_log_messages m
  WHERE m.partition_id = p.id AND m.position > COALESCE(cursors.position, 0) ORDER BY m.position LIMIT 1)
FROM eda_log_partitions p JOIN eda_log_channels c ON c.id = p.channel_id
LEFT JOIN eda_log_cursors cursors ON cursors.partition_id = p.id AND cursors.group_name = $2
WHERE c.address = $1"""

RANGE = """
SELECT p.id, p.number,
  COALESCE((SELECT MIN(m.position) FROM eda_log_messages m WHERE m.partition_id = p.id AND m.appended_at >= $2), p.head + 1),
  COALESCE((SELECT MAX(m.position) FROM eda_log_messages m WHERE m.partition_id = p.id AND m.appended_at <= $3), 0)
FROM eda_log_partitions p WHERE p.channel_id = $1 ORDER BY p.number"""

READ_PASSED = """
SELECT p.id, MIN(cursors.position) FROM eda_log_partitions p
LEFT JOIN eda_log_cursors cursors ON cursors.partition_id = p.id WHERE p.channel_id = $1 GROUP BY p.id"""

EXPIRED = """
SELECT position FROM eda_log_messages
WHERE partition_id = $1 AND position <= $2 AND appended_at < eda_log_now() - $3 ORDER BY position LIMIT $4"""

DELETE_UP_TO = "DELETE FROM eda_log_messages WHERE partition_id = $1 AND position <= $2"

SKIP_DELETED = "UPDATE eda_log_cursors SET position = $2 WHERE partition_id = $1 AND position < $2"
