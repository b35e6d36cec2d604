-- psql -v times=TIMES -f multiply.sql: makes the alerts of a PostgreSQL store TIMES as many, with all
-- that hangs on them, as multiply.py does for SQLite. The store must have but one partition, and the
-- collector must not run. Each copy happened before all that is there and fills three partitions, as
-- when a collector keeps ninety days; what comes next goes to a new one.
\set ON_ERROR_STOP on
\set QUIET on
SELECT set_config('bench.times', :'times', false) \g /dev/null
SET maintenance_work_mem = '512MB';

CREATE FUNCTION pg_temp.part(id BIGINT, alerts BIGINT) RETURNS BIGINT LANGUAGE SQL IMMUTABLE AS
$$ SELECT LEAST(2, (id - 1) * 3 / alerts) $$;

DO $$
DECLARE
  alerts BIGINT := (SELECT MAX(id) FROM alerts);
  incidents BIGINT := (SELECT COALESCE(MAX(id), 0) FROM incidents);
  first_ms BIGINT := (SELECT MIN(time_ms) FROM alerts);
  span_ms BIGINT := (SELECT MAX(time_ms) - MIN(time_ms) + 1 FROM alerts);
  ms BIGINT;
  partition BIGINT := 0;
  columns TEXT := (SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = 'alerts'::regclass AND attnum > 0 AND NOT attisdropped
      AND attname NOT IN ('id', 'uid', 'time_ms', 'received_ms'));
  first_partition BIGINT;
BEGIN
  FOR copy IN 1 .. current_setting('bench.times')::BIGINT - 1 LOOP
    ms := copy * span_ms;
    first_partition := partition + 1;
    FOR part IN 0 .. 2 LOOP
      partition := partition + 1;
      EXECUTE format('CREATE TABLE alerts_p%s (LIKE alerts INCLUDING DEFAULTS INCLUDING COMPRESSION)',
        partition);
      EXECUTE format('INSERT INTO alerts_p%s (id, uid, time_ms, received_ms, %s) '
        'SELECT id + ($1 << 32), replace(gen_random_uuid()::text, ''-'', ''''), time_ms - $2, '
        'received_ms - $2, %s FROM alerts_p0 WHERE pg_temp.part(id, $3) = $4 ORDER BY id',
        partition, columns, columns) USING partition, ms, alerts, part;
      EXECUTE format('ALTER TABLE alerts ATTACH PARTITION alerts_p%s FOR VALUES FROM (%s) TO (%s)',
        partition, partition << 32, (partition + 1) << 32);
      EXECUTE format('INSERT INTO alert_uids (run, hash, id) SELECT id >> 16, sonde_key(uid), id '
        'FROM alerts_p%s ORDER BY 1, 2', partition);
      COMMIT;
    END LOOP;
    INSERT INTO incidents OVERRIDING SYSTEM VALUE
      SELECT (jsonb_populate_record(i, jsonb_build_object('id', i.id + copy * incidents,
        'first_ms', i.first_ms - ms, 'last_ms', i.last_ms - ms,
        'merged_into', i.merged_into + copy * incidents))).*
      FROM incidents i WHERE i.id <= incidents;
    INSERT INTO incident_alerts SELECT
      alert_id + ((first_partition + pg_temp.part(alert_id, alerts)) << 32),
      incident_id + copy * incidents, stage, rule, entity_type, entity_value,
      CASE linked_id WHEN 0 THEN 0
        ELSE linked_id + ((first_partition + pg_temp.part(linked_id, alerts)) << 32) END
      FROM incident_alerts WHERE alert_id <= alerts;
    INSERT INTO incident_digest SELECT incident_id + copy * incidents, dimension, name, amount
      FROM incident_digest WHERE incident_id <= incidents;
    INSERT INTO alert_counts (dimension, hour_ms, name, amount)
      SELECT dimension, hour_ms - ms / 3600000 * 3600000, name, amount
      FROM alert_counts WHERE hour_ms >= first_ms - 3600000
      ON CONFLICT (dimension, hour_ms, name) DO UPDATE
      SET amount = alert_counts.amount + excluded.amount;
    COMMIT;
  END LOOP;
  partition := partition + 1;
  EXECUTE format('CREATE TABLE alerts_p%s PARTITION OF alerts FOR VALUES FROM (%s) TO (%s)',
    partition, partition << 32, (partition + 1) << 32);
  PERFORM setval('alert_ids', partition << 32);
  PERFORM setval(pg_get_serial_sequence('incidents', 'id'), (SELECT MAX(id) FROM incidents));
  UPDATE correlation_state SET last_alert_id = (SELECT MAX(id) FROM alerts);
END $$;
ANALYZE;
