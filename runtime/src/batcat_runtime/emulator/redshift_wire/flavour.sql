-- What Redshift has and PostgreSQL lacks, or has with another meaning. Made once in template1.
-- Source: Amazon Redshift Database Developer Guide, "SQL functions reference", "System tables and
-- views reference", "Unsupported PostgreSQL functions". A built-in that means something else is
-- renamed, because PostgreSQL keeps what it began with from being dropped.

SET check_function_bodies = off;

CREATE FUNCTION pg_catalog.redshift_fail(code text, message text, detail text) RETURNS void
LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message, DETAIL = coalesce(detail, '');
END $$;

-- Texts: a VARCHAR's length counts bytes, and a CHAR takes single-byte signs only
CREATE FUNCTION pg_catalog.redshift_varchar(value varchar, modifier integer, cut boolean) RETURNS varchar
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE place integer := modifier - 4; data bytea;
BEGIN
  IF modifier < 4 OR octet_length(value) <= place THEN RETURN value; END IF;
  IF NOT cut AND octet_length(rtrim(value, ' ')) > place THEN
    RAISE EXCEPTION USING ERRCODE = '22001',
      MESSAGE = 'value too long for type character varying(' || place || ')';
  END IF;
  data := convert_to(value, 'UTF8');
  WHILE place > 0 AND (get_byte(data, place) & 192) = 128 LOOP place := place - 1; END LOOP;
  RETURN convert_from(substr(data, 1, place), 'UTF8');
END $$;
CREATE FUNCTION pg_catalog.redshift_char(bpchar, integer, boolean) RETURNS bpchar
LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN
  IF octet_length($1) <> char_length($1) AND octet_length($1::text) <> char_length($1::text) THEN
    RAISE EXCEPTION USING ERRCODE = '22021', MESSAGE =
      'CHAR holds single-byte characters only, and the value has others; make it a VARCHAR';
  END IF;
  RETURN pg_catalog.bpchar($1, $2, $3);
END $$;
UPDATE pg_catalog.pg_cast SET castfunc = 'pg_catalog.redshift_varchar(varchar, integer, boolean)'::regprocedure
  WHERE castsource = 'varchar'::regtype AND casttarget = 'varchar'::regtype;
UPDATE pg_catalog.pg_cast SET castfunc = 'pg_catalog.redshift_char(bpchar, integer, boolean)'::regprocedure
  WHERE castsource = 'bpchar'::regtype AND casttarget = 'bpchar'::regtype;
-- Blanks at the end count in no comparison ("Character types", "Significance of trailing blanks"):
-- PostgreSQL compares CHAR so, which it stores as it does VARCHAR
UPDATE pg_catalog.pg_operator AS varying SET oprcode = fixed.oprcode
  FROM pg_catalog.pg_operator AS fixed
  WHERE fixed.oprname = varying.oprname AND varying.oprname IN ('=', '<>', '<', '<=', '>', '>=')
    AND varying.oprleft = 'text'::regtype AND varying.oprright = 'text'::regtype
    AND fixed.oprleft = 'bpchar'::regtype AND fixed.oprright = 'bpchar'::regtype;
UPDATE pg_catalog.pg_amproc AS varying SET amproc = fixed.amproc
  FROM pg_catalog.pg_amproc AS fixed, pg_catalog.pg_opfamily AS of_varying, pg_catalog.pg_opfamily AS of_fixed
  WHERE varying.amprocfamily = of_varying.oid AND of_varying.opfname = 'text_ops'
    AND fixed.amprocfamily = of_fixed.oid AND of_fixed.opfname = 'bpchar_ops'
    AND of_fixed.opfmethod = of_varying.opfmethod AND fixed.amprocnum = varying.amprocnum
    AND varying.amproclefttype = 'text'::regtype AND varying.amprocrighttype = 'text'::regtype;
CREATE FUNCTION pg_catalog.redshift_fits(value bytea, most integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN
  IF octet_length(value) > most THEN
    RAISE EXCEPTION USING ERRCODE = '22001', MESSAGE = 'value too long for type varbyte(' || most || ')';
  END IF;
  RETURN true;
END $$;

-- SUPER: as text, a text of JSON is what it says; what is nested has JSON_SERIALIZE
CREATE DOMAIN pg_catalog.super AS json;
CREATE FUNCTION pg_catalog.json_parse(text) RETURNS super LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT $1::json::super $$;
CREATE FUNCTION pg_catalog.redshift_json_text(super) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT pg_catalog.format('%s', $1) $$;
CREATE FUNCTION pg_catalog.redshift_scalar(json) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN
  IF json_typeof($1) IN ('object', 'array') THEN
    PERFORM redshift_fail('0A000', 'NotEmulated: casting an object or array of SUPER to text is not '
      'emulated by batcat local. Use JSON_SERIALIZE.', NULL);
  END IF;
  RETURN $1 #>> '{}';
END $$;
CREATE CAST (json AS text) WITH FUNCTION pg_catalog.redshift_scalar(json);
CREATE FUNCTION pg_catalog.redshift_scalar_varchar(json, integer, boolean) RETURNS varchar
  LANGUAGE sql IMMUTABLE AS $$ SELECT redshift_varchar(redshift_scalar($1)::varchar, $2, $3) $$;
CREATE CAST (json AS varchar) WITH FUNCTION pg_catalog.redshift_scalar_varchar(json, integer, boolean);
CREATE FUNCTION pg_catalog.json_extract_path_text(text, VARIADIC text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT coalesce(pg_catalog.json_extract_path_text($1::json, VARIADIC $2), '') $$;
CREATE FUNCTION pg_catalog.json_array_length(text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT pg_catalog.json_array_length($1::json) $$;
CREATE FUNCTION pg_catalog.is_valid_json(text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT $1 IS JSON OBJECT $$;
CREATE FUNCTION pg_catalog.to_hex(bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT encode($1, 'hex') $$;
CREATE FUNCTION pg_catalog.from_hex(text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT decode($1, 'hex') $$;
CREATE FUNCTION pg_catalog.from_varbyte(bytea, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT CASE lower($2) WHEN 'hex' THEN encode($1, 'hex') WHEN 'base64' THEN encode($1, 'base64')
    WHEN 'utf8' THEN convert_from($1, 'UTF8') WHEN 'utf-8' THEN convert_from($1, 'UTF8') END $$;
CREATE FUNCTION pg_catalog.to_varbyte(text, text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT CASE lower($2) WHEN 'hex' THEN decode($1, 'hex') WHEN 'base64' THEN decode($1, 'base64')
    WHEN 'utf8' THEN convert_to($1, 'UTF8') WHEN 'utf-8' THEN convert_to($1, 'UTF8') END $$;

-- Strings: CONCAT of NULL is NULL; REGEXP_REPLACE replaces every match; REGEXP_SUBSTR without one is ''
ALTER FUNCTION pg_catalog.concat(VARIADIC "any") RENAME TO postgres_concat;
CREATE FUNCTION pg_catalog.concat(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT $1 || $2 $$;
ALTER FUNCTION pg_catalog.regexp_replace(text, text, text) RENAME TO postgres_regexp_replace;
ALTER FUNCTION pg_catalog.regexp_replace(text, text, text, text) RENAME TO postgres_regexp_replace;
ALTER FUNCTION pg_catalog.regexp_replace(text, text, text, integer) RENAME TO postgres_regexp_replace;
ALTER FUNCTION pg_catalog.regexp_replace(text, text, text, integer, integer) RENAME TO postgres_regexp_replace;
ALTER FUNCTION pg_catalog.regexp_replace(text, text, text, integer, integer, text) RENAME TO postgres_regexp_replace;
CREATE FUNCTION pg_catalog.regexp_replace(text, text, text, integer) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT postgres_regexp_replace($1, $2, $3, $4, 0) $$;
CREATE FUNCTION pg_catalog.regexp_replace(text, text, text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT postgres_regexp_replace($1, $2, $3, 1, 0) $$;
CREATE FUNCTION pg_catalog.regexp_replace(text, text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT postgres_regexp_replace($1, $2, '', 1, 0) $$;
ALTER FUNCTION pg_catalog.regexp_substr(text, text) RENAME TO postgres_regexp_substr;
ALTER FUNCTION pg_catalog.regexp_substr(text, text, integer) RENAME TO postgres_regexp_substr;
ALTER FUNCTION pg_catalog.regexp_substr(text, text, integer, integer) RENAME TO postgres_regexp_substr;
ALTER FUNCTION pg_catalog.regexp_substr(text, text, integer, integer, text) RENAME TO postgres_regexp_substr;
ALTER FUNCTION pg_catalog.regexp_substr(text, text, integer, integer, text, integer) RENAME TO postgres_regexp_substr;
CREATE FUNCTION pg_catalog.regexp_substr(text, text, integer DEFAULT 1, integer DEFAULT 1) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT coalesce(postgres_regexp_substr($1, $2, $3, $4), '') $$;
CREATE FUNCTION pg_catalog.len(text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT length($1) $$;
CREATE FUNCTION pg_catalog.charindex(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT strpos($2, $1) $$;
CREATE FUNCTION pg_catalog.strtol(text, integer) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT CASE $2 WHEN 16 THEN ('x' || lpad($1, 16, '0'))::bit(64)::bigint
    WHEN 2 THEN lpad($1, 64, '0')::bit(64)::bigint WHEN 10 THEN $1::bigint END $$;
CREATE FUNCTION pg_catalog.replicate(text, integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT repeat($1, $2) $$;
CREATE FUNCTION pg_catalog.sha1(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT NULL::text FROM redshift_fail('0A000', 'NotEmulated: SHA1 is not emulated by batcat local. Use SHA2.', NULL) $$;
CREATE FUNCTION pg_catalog.sha2(text, integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT encode(CASE $2 WHEN 224 THEN sha224($1::bytea) WHEN 384 THEN sha384($1::bytea)
    WHEN 512 THEN sha512($1::bytea) ELSE sha256($1::bytea) END, 'hex') $$;

-- Conditions
CREATE FUNCTION pg_catalog.nvl(VARIADIC anycompatiblearray) RETURNS anycompatible
  LANGUAGE sql IMMUTABLE AS $$ SELECT x FROM unnest($1) WITH ORDINALITY u(x, n) WHERE x IS NOT NULL ORDER BY n LIMIT 1 $$;

-- Numbers: AVG and SUM of integers are integers, AVG of a NUMERIC has its scale; SUM of a REAL, spreads,
-- SQRT and POWER are DOUBLE PRECISION; the digits of a quotient follow from declared precisions, which
-- are not known here
CREATE FUNCTION pg_catalog.redshift_quotient(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT NULL::numeric FROM redshift_fail('0A000', 'NotEmulated: division of DECIMALs, whose digits depend '
    'on declared precisions, is not emulated by batcat local. Cast one side to FLOAT8.', NULL) $$;
UPDATE pg_catalog.pg_operator SET oprcode = 'pg_catalog.redshift_quotient(numeric, numeric)'::regprocedure
  WHERE oprname = '/' AND oprleft = 'numeric'::regtype AND oprright = 'numeric'::regtype;
DELETE FROM pg_catalog.pg_operator
  WHERE oprname = '^' AND oprleft = 'numeric'::regtype AND oprright = 'numeric'::regtype;
ALTER FUNCTION pg_catalog.sqrt(numeric) RENAME TO postgres_sqrt;
ALTER FUNCTION pg_catalog.power(numeric, numeric) RENAME TO postgres_power;
ALTER FUNCTION pg_catalog.pow(numeric, numeric) RENAME TO postgres_pow;
DO $$ DECLARE name text; kind text; BEGIN
  FOREACH name IN ARRAY ARRAY['stddev', 'stddev_samp', 'stddev_pop', 'variance', 'var_samp', 'var_pop'] LOOP
    FOREACH kind IN ARRAY ARRAY['smallint', 'integer', 'bigint', 'numeric'] LOOP
      EXECUTE 'ALTER AGGREGATE pg_catalog.' || name || '(' || kind || ') RENAME TO postgres_' || name;
    END LOOP;
  END LOOP;
END $$;
ALTER AGGREGATE pg_catalog.sum(bigint) RENAME TO postgres_sum;
ALTER AGGREGATE pg_catalog.sum(real) RENAME TO postgres_sum;
CREATE AGGREGATE pg_catalog.sum(bigint) (SFUNC = int8pl, STYPE = bigint);
CREATE FUNCTION pg_catalog.redshift_sum(double precision, real) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $2 IS NULL THEN $1 ELSE coalesce($1, 0) + $2 END $$;
CREATE AGGREGATE pg_catalog.sum(real) (SFUNC = redshift_sum, STYPE = double precision);
CREATE FUNCTION pg_catalog.redshift_mean(numeric[]) RETURNS bigint LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $1[1] > 0 THEN numeric_div_trunc($1[2], $1[1])::bigint END $$;
CREATE FUNCTION pg_catalog.redshift_mean_numeric(numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $1[1] > 0 THEN round(numeric_div($1[2], $1[1]), scale($1[2])) END $$;
CREATE FUNCTION pg_catalog.redshift_add(numeric[], numeric) RETURNS numeric[] LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $2 IS NULL THEN $1 ELSE ARRAY[$1[1] + 1, $1[2] + $2] END $$;
CREATE FUNCTION pg_catalog.redshift_add(numeric[], bigint) RETURNS numeric[] LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $2 IS NULL THEN $1 ELSE ARRAY[$1[1] + 1, $1[2] + $2] END $$;
CREATE FUNCTION pg_catalog.redshift_add(numeric[], integer) RETURNS numeric[] LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $2 IS NULL THEN $1 ELSE ARRAY[$1[1] + 1, $1[2] + $2] END $$;
CREATE FUNCTION pg_catalog.redshift_add(numeric[], smallint) RETURNS numeric[] LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN $2 IS NULL THEN $1 ELSE ARRAY[$1[1] + 1, $1[2] + $2] END $$;
ALTER AGGREGATE pg_catalog.avg(bigint) RENAME TO postgres_avg;
ALTER AGGREGATE pg_catalog.avg(integer) RENAME TO postgres_avg;
ALTER AGGREGATE pg_catalog.avg(smallint) RENAME TO postgres_avg;
ALTER AGGREGATE pg_catalog.avg(numeric) RENAME TO postgres_avg;
CREATE AGGREGATE pg_catalog.avg(bigint)
  (SFUNC = redshift_add, STYPE = numeric[], FINALFUNC = redshift_mean, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.avg(integer)
  (SFUNC = redshift_add, STYPE = numeric[], FINALFUNC = redshift_mean, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.avg(smallint)
  (SFUNC = redshift_add, STYPE = numeric[], FINALFUNC = redshift_mean, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.avg(numeric)
  (SFUNC = redshift_add, STYPE = numeric[], FINALFUNC = redshift_mean_numeric, INITCOND = '{0,0}');
CREATE FUNCTION pg_catalog.redshift_percentile(numeric[], numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
  WITH sorted AS (SELECT x, row_number() OVER (ORDER BY x) - 1 AS n, count(*) OVER () - 1 AS most
    FROM unnest($1) u(x) WHERE x IS NOT NULL)
  SELECT min(x) + (max(x) - min(x)) * max($2 * most - floor($2 * most)) FROM sorted
  WHERE n IN (floor($2 * most), ceil($2 * most)) $$;
CREATE FUNCTION pg_catalog.redshift_percentile(bigint[], numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1::numeric[], $2) $$;
CREATE FUNCTION pg_catalog.redshift_percentile(integer[], numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1::numeric[], $2) $$;
CREATE FUNCTION pg_catalog.redshift_percentile(smallint[], numeric) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1::numeric[], $2) $$;
CREATE FUNCTION pg_catalog.redshift_percentile(double precision[], numeric) RETURNS double precision
  LANGUAGE sql IMMUTABLE AS $$ SELECT percentile_cont($2) WITHIN GROUP (ORDER BY x) FROM unnest($1) u(x) $$;
CREATE FUNCTION pg_catalog.redshift_percentile(real[], numeric) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1::double precision[], $2) $$;
CREATE FUNCTION pg_catalog.redshift_median(double precision[]) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1, 0.5) $$;
CREATE FUNCTION pg_catalog.redshift_median(numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1, 0.5) $$;
CREATE FUNCTION pg_catalog.redshift_median(bigint[]) RETURNS numeric LANGUAGE sql IMMUTABLE
  AS $$ SELECT redshift_percentile($1, 0.5) $$;
CREATE AGGREGATE pg_catalog.median(double precision)
  (SFUNC = array_append, STYPE = double precision[], FINALFUNC = redshift_median, INITCOND = '{}');
CREATE AGGREGATE pg_catalog.median(numeric)
  (SFUNC = array_append, STYPE = numeric[], FINALFUNC = redshift_median, INITCOND = '{}');
CREATE AGGREGATE pg_catalog.median(bigint)
  (SFUNC = array_append, STYPE = bigint[], FINALFUNC = redshift_median, INITCOND = '{}');
CREATE FUNCTION pg_catalog.redshift_append(bigint[], integer) RETURNS bigint[] LANGUAGE sql IMMUTABLE
  AS $$ SELECT array_append($1, $2::bigint) $$;
CREATE AGGREGATE pg_catalog.median(integer)
  (SFUNC = redshift_append, STYPE = bigint[], FINALFUNC = redshift_median, INITCOND = '{}');
CREATE FUNCTION pg_catalog.trunc(double precision, integer) RETURNS double precision
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT trunc($1::numeric, $2)::double precision $$;
CREATE FUNCTION pg_catalog.round(double precision, integer) RETURNS double precision
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT round($1::numeric, $2)::double precision $$;

-- Days and moments
CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp LANGUAGE sql STABLE
  AS $$ SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC') $$;
CREATE FUNCTION pg_catalog.redshift_sysdate() RETURNS timestamp LANGUAGE sql STABLE
  AS $$ SELECT transaction_timestamp() AT TIME ZONE 'UTC' $$;
CREATE FUNCTION pg_catalog.redshift_part(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE lower($1)
    WHEN 'yr' THEN 'year' WHEN 'yrs' THEN 'year' WHEN 'y' THEN 'year' WHEN 'years' THEN 'year'
    WHEN 'qtr' THEN 'quarter' WHEN 'qtrs' THEN 'quarter' WHEN 'quarters' THEN 'quarter'
    WHEN 'mon' THEN 'month' WHEN 'mons' THEN 'month' WHEN 'months' THEN 'month'
    WHEN 'w' THEN 'week' WHEN 'weeks' THEN 'week' WHEN 'd' THEN 'day' WHEN 'days' THEN 'day'
    WHEN 'h' THEN 'hour' WHEN 'hr' THEN 'hour' WHEN 'hrs' THEN 'hour' WHEN 'hours' THEN 'hour'
    WHEN 'm' THEN 'minute' WHEN 'min' THEN 'minute' WHEN 'mins' THEN 'minute' WHEN 'minutes' THEN 'minute'
    WHEN 's' THEN 'second' WHEN 'sec' THEN 'second' WHEN 'secs' THEN 'second' WHEN 'seconds' THEN 'second'
    WHEN 'ms' THEN 'millisecond' WHEN 'msec' THEN 'millisecond' WHEN 'milliseconds' THEN 'millisecond'
    WHEN 'us' THEN 'microsecond' WHEN 'usec' THEN 'microsecond' WHEN 'microseconds' THEN 'microsecond'
    ELSE lower($1) END $$;
CREATE FUNCTION pg_catalog.dateadd(part text, n bigint, x timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT x + CASE redshift_part(part) WHEN 'quarter' THEN make_interval(months => (n * 3)::integer)
    WHEN 'year' THEN make_interval(years => n::integer) WHEN 'month' THEN make_interval(months => n::integer)
    WHEN 'week' THEN make_interval(weeks => n::integer) WHEN 'day' THEN make_interval(days => n::integer)
    WHEN 'hour' THEN make_interval(hours => n::integer) WHEN 'minute' THEN make_interval(mins => n::integer)
    ELSE (n || ' ' || redshift_part(part))::interval END $$;
CREATE FUNCTION pg_catalog.dateadd(part text, n bigint, x date) RETURNS timestamp
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT dateadd(part, n, x::timestamp) $$;
CREATE FUNCTION pg_catalog.dateadd(part text, n bigint, x timestamptz) RETURNS timestamptz
  LANGUAGE sql STABLE STRICT AS $$ SELECT dateadd(part, n, x AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' $$;
CREATE FUNCTION pg_catalog.dateadd(part text, n bigint, x text) RETURNS timestamp
  LANGUAGE sql STABLE STRICT AS $$ SELECT dateadd(part, n, x::timestamp) $$;
CREATE FUNCTION pg_catalog.redshift_ordinal(part text, x timestamp) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE redshift_part(part)
    WHEN 'year' THEN date_part('year', x)::bigint
    WHEN 'quarter' THEN (date_part('year', x) * 4 + date_part('quarter', x))::bigint
    WHEN 'month' THEN (date_part('year', x) * 12 + date_part('month', x))::bigint
    WHEN 'week' THEN (SELECT NULL::bigint FROM redshift_fail('0A000', -- which day begins it?
      'NotEmulated: DATEDIFF(week, …) is not emulated by batcat local. Divide days by 7.', NULL))
    WHEN 'day' THEN x::date - DATE '2000-01-01'
    WHEN 'hour' THEN floor(date_part('epoch', x) / 3600)::bigint
    WHEN 'minute' THEN floor(date_part('epoch', x) / 60)::bigint
    WHEN 'second' THEN floor(date_part('epoch', x))::bigint
    WHEN 'millisecond' THEN floor(date_part('epoch', x) * 1000)::bigint
    WHEN 'microsecond' THEN (date_part('epoch', x) * 1000000)::bigint END $$;
CREATE FUNCTION pg_catalog.datediff(part text, a timestamp, b timestamp) RETURNS bigint
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT redshift_ordinal(part, b) - redshift_ordinal(part, a) $$;
CREATE FUNCTION pg_catalog.date_trunc(part text, x date) RETURNS timestamp
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT date_trunc(part, x::timestamp) $$;
CREATE FUNCTION pg_catalog.date_trunc(part text, x text) RETURNS timestamp
  LANGUAGE sql STABLE STRICT AS $$ SELECT date_trunc(part, x::timestamp) $$;
CREATE FUNCTION pg_catalog.trunc(timestamp) RETURNS date LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT $1::date $$;
CREATE FUNCTION pg_catalog.last_day(timestamp) RETURNS date LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT (date_trunc('month', $1) + interval '1 month - 1 day')::date $$;
CREATE FUNCTION pg_catalog.add_months(timestamp, bigint) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT CASE WHEN $1::date = last_day($1)
  THEN last_day($1 + make_interval(months => $2::integer)) + ($1 - date_trunc('day', $1))
  ELSE $1 + make_interval(months => $2::integer) END $$;
CREATE FUNCTION pg_catalog.convert_timezone(zone text, x timestamp) RETURNS timestamp
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (x AT TIME ZONE 'UTC') AT TIME ZONE zone $$;
CREATE FUNCTION pg_catalog.convert_timezone(source text, zone text, x timestamp) RETURNS timestamp
  LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (x AT TIME ZONE source) AT TIME ZONE zone $$;
ALTER FUNCTION pg_catalog.extract(text, timestamp) RENAME TO postgres_extract;
CREATE FUNCTION pg_catalog.extract(text, timestamp) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT trunc(pg_catalog.postgres_extract(redshift_part($1), $2))::integer $$;
ALTER FUNCTION pg_catalog.extract(text, date) RENAME TO postgres_extract;
CREATE FUNCTION pg_catalog.extract(text, date) RETURNS integer LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT trunc(pg_catalog.postgres_extract(redshift_part($1), $2))::integer $$;
ALTER FUNCTION pg_catalog.extract(text, timestamptz) RENAME TO postgres_extract;
CREATE FUNCTION pg_catalog.extract(text, timestamptz) RETURNS double precision LANGUAGE sql STABLE STRICT
  AS $$ SELECT pg_catalog.postgres_extract(redshift_part($1), $2)::double precision $$;

-- The session
ALTER FUNCTION pg_catalog.version() RENAME TO postgres_version;
CREATE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE AS $$ SELECT
  'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.0'::text $$;
CREATE FUNCTION pg_catalog.redshift_setting(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN lower(name) IN ('enable_case_sensitive_identifier', 'query_group',
    'wlm_query_slot_count', 'enable_result_cache_for_session', 'describe_field_name_in_uppercase',
    'downcase_delimited_identifier', 'enable_case_sensitive_super_attribute', 'json_serialization_enable')
  THEN 'batcat.' || lower(name) ELSE name END $$;
ALTER FUNCTION pg_catalog.set_config(text, text, boolean) RENAME TO postgres_set_config;
CREATE FUNCTION pg_catalog.set_config(text, text, boolean) RETURNS text LANGUAGE sql VOLATILE
  AS $$ SELECT postgres_set_config(redshift_setting($1), $2, $3) $$;
ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO postgres_current_setting;
CREATE FUNCTION pg_catalog.current_setting(text) RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT postgres_current_setting(redshift_setting($1)) $$;
CREATE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(pg_catalog.current_setting('batcat.last_copy_count', true), ''), '0')::bigint $$;
CREATE FUNCTION pg_catalog.pg_last_unload_count() RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(pg_catalog.current_setting('batcat.last_unload_count', true), ''), '0')::bigint $$;

-- Rows that COPY rejected; kept whatever becomes of the transaction
CREATE TABLE pg_catalog.redshift_load_errors (
  userid integer, slice integer, tbl integer, starttime timestamp, session integer, query integer,
  filename varchar(256), line_number bigint, colname varchar(127), type varchar(32),
  col_length varchar(10), "position" integer, raw_line varchar(1024),
  raw_field_value varchar(1024), err_code integer, err_reason varchar(100));
CREATE VIEW pg_catalog.stl_load_errors AS SELECT * FROM pg_catalog.redshift_load_errors;
CREATE VIEW pg_catalog.sys_load_error_detail AS SELECT userid AS user_id, query AS query_id,
  session AS session_id, starttime AS start_time, filename AS file_name, line_number,
  colname AS column_name, type AS column_type, col_length AS column_length, "position",
  err_code AS error_code, err_reason AS error_message, tbl AS table_id
  FROM pg_catalog.redshift_load_errors;
GRANT SELECT ON pg_catalog.stl_load_errors, pg_catalog.sys_load_error_detail TO PUBLIC;

-- The catalog
CREATE VIEW pg_catalog.svv_all_columns AS SELECT table_catalog::varchar AS database_name,
  table_schema::varchar AS schema_name, table_name::varchar, column_name::varchar,
  ordinal_position::integer, column_default::varchar, is_nullable::varchar, data_type::varchar,
  character_maximum_length::integer, numeric_precision::integer, numeric_scale::integer,
  NULL::varchar AS remarks FROM information_schema.columns WHERE table_schema <> 'pg_catalog';
CREATE VIEW pg_catalog.svv_all_tables AS SELECT table_catalog::varchar AS database_name,
  table_schema::varchar AS schema_name, table_name::varchar,
  CASE table_type WHEN 'BASE TABLE' THEN 'TABLE' ELSE table_type END::varchar AS table_type,
  NULL::varchar AS table_acl, NULL::varchar AS remarks FROM information_schema.tables
  WHERE table_schema <> 'pg_catalog';
CREATE VIEW pg_catalog.svv_all_schemas AS SELECT catalog_name::varchar AS database_name,
  schema_name::varchar, NULL::integer AS schema_owner, 'local'::varchar AS schema_type,
  NULL::varchar AS schema_acl, NULL::varchar AS source_database, NULL::varchar AS schema_option
  FROM information_schema.schemata;
CREATE VIEW pg_catalog.svv_redshift_databases AS SELECT datname::varchar AS database_name,
  NULL::integer AS database_owner, 'local'::varchar AS database_type, NULL::varchar AS database_acl,
  NULL::varchar AS database_options FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres';
CREATE VIEW pg_catalog.svv_tables AS SELECT * FROM pg_catalog.svv_all_tables;
CREATE VIEW pg_catalog.svv_columns AS SELECT * FROM pg_catalog.svv_all_columns;
CREATE VIEW pg_catalog.pg_table_def AS SELECT n.nspname AS schemaname, c.relname AS tablename,
  a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type, 'none'::text AS encoding,
  false AS distkey, 0 AS sortkey, a.attnotnull AS notnull FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND pg_table_is_visible(c.oid);
GRANT SELECT ON pg_catalog.svv_all_columns, pg_catalog.svv_all_tables, pg_catalog.svv_all_schemas,
  pg_catalog.svv_redshift_databases, pg_catalog.svv_tables, pg_catalog.svv_columns,
  pg_catalog.pg_table_def TO PUBLIC;
GRANT CREATE ON SCHEMA public TO PUBLIC;
