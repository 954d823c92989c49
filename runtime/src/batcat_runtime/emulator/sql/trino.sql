-- Trino's functions in DuckDB's words, where the two differ. Sources: Trino documentation,
-- "Functions and operators"; what DuckDB does was looked at with DuckDB 2.0.

-- A failure that DuckDB finds no earlier than when it happens, and that TRY() can catch:
-- error() is volatile, and TRY() takes nothing volatile.
CREATE MACRO trino_fail(message) AS CAST(concat('batcat: ', message) AS BOOLEAN);
-- Not as a condition of CASE: DuckDB works out one of constants early, where TRY() is no help.
CREATE MACRO trino_guard(good, message, x) AS
  CASE WHEN good THEN x ELSE struct_extract_at(row(trino_fail(message), x), 2) END;

-- Strings
CREATE MACRO trino_substr(s, first) AS
  CASE WHEN s IS NULL OR first IS NULL THEN NULL WHEN first = 0 OR -first > length(s) THEN ''
  ELSE substring(s, first) END,
  (s, first, count) AS
  CASE WHEN s IS NULL OR first IS NULL OR count IS NULL THEN NULL
  WHEN first = 0 OR -first > length(s) OR count <= 0 THEN ''
  ELSE substring(s, first, count) END;
CREATE MACRO trino_split_part(s, mark, number) AS
  trino_guard(coalesce(number > 0, true), 'Index must be greater than zero',
    list_extract(string_split(s, mark), number));
-- Blanks are those of java.lang.Character.isWhitespace.
CREATE MACRO trino_ltrim(s) AS regexp_replace(s, '^[\x{9}-\x{d}\x{1c}-\x{20}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}]+', '');
CREATE MACRO trino_rtrim(s) AS regexp_replace(s, '[\x{9}-\x{d}\x{1c}-\x{20}\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}]+$', '');
CREATE MACRO trino_trim(s) AS trino_ltrim(trino_rtrim(s));
CREATE MACRO trino_replace(s, old) AS replace(s, old, ''), (s, old, new) AS
  CASE WHEN old = '' THEN regexp_replace(s, '', replace(new, '\', '\\'), 'g')
  ELSE replace(s, old, new) END;
CREATE MACRO trino_split(s, mark) AS
  trino_guard(coalesce(mark <> '', true), 'The delimiter may not be the empty string',
    string_split(s, mark));
CREATE MACRO trino_lpad(s, n, pad) AS
  trino_guard(coalesce(n >= 0 AND pad <> '', true), 'Target length and padding must not be empty',
    lpad(s, CAST(n AS INTEGER), pad));
CREATE MACRO trino_rpad(s, n, pad) AS
  trino_guard(coalesce(n >= 0 AND pad <> '', true), 'Target length and padding must not be empty',
    rpad(s, CAST(n AS INTEGER), pad));
-- Code points one by one: DuckDB takes what looks like one sign together, and turns ß into two.
CREATE MACRO trino_upper(s) AS CASE WHEN strlen(s) = length(s) THEN upper(s) ELSE trino_wide_upper(s) END;
CREATE MACRO trino_lower(s) AS CASE WHEN strlen(s) = length(s) THEN lower(s) ELSE trino_wide_lower(s) END;
CREATE MACRO trino_reverse(s) AS CASE WHEN strlen(s) = length(s) THEN reverse(s) ELSE trino_wide_reverse(s) END;
CREATE MACRO trino_fraction_text(s) AS regexp_replace(s, '^(-?)\.', '\10.');
CREATE MACRO trino_append(s, more) AS s || more;
CREATE MACRO trino_codepoint(s) AS
  trino_guard(coalesce(length(s) = 1, true), 'codepoint takes a single character', unicode(s));
CREATE MACRO trino_repeat(x, n) AS list_transform(range(n), lambda trino_i : x);

-- Days and moments
CREATE MACRO trino_interval(unit, n) AS CASE lower(unit)
  WHEN 'millisecond' THEN to_milliseconds(n) WHEN 'second' THEN to_seconds(n)
  WHEN 'minute' THEN to_minutes(n) WHEN 'hour' THEN to_hours(n)
  WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_weeks(CAST(n AS INTEGER))
  WHEN 'month' THEN to_months(CAST(n AS INTEGER))
  WHEN 'quarter' THEN to_months(CAST(n * 3 AS INTEGER))
  WHEN 'year' THEN to_years(CAST(n AS INTEGER)) END;
CREATE MACRO trino_millisecond(x) AS millisecond(x) % 1000;
CREATE MACRO trino_from_unixtime(x) AS to_timestamp(round(CAST(x AS DOUBLE), 3));
CREATE MACRO trino_now() AS date_trunc('millisecond', now());
CREATE MACRO trino_localtimestamp() AS CAST(date_trunc('millisecond', localtimestamp) AS TIMESTAMP_MS);
CREATE MACRO trino_time_text(x) AS strftime(CAST('1970-01-01' AS DATE) + x, '%H:%M:%S.%g');
CREATE MACRO trino_timestamp_text(x) AS strftime(x, CASE WHEN microsecond(x) % 1000 = 0
  THEN '%Y-%m-%d %H:%M:%S.%g' ELSE '%Y-%m-%d %H:%M:%S.%f' END);

-- Arrays and maps
CREATE MACRO trino_at(a, i) AS
  trino_guard(coalesce(i > 0, true), 'SQL array indices start at 1',
    trino_guard(coalesce(i <= len(a), true),
      'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(a),
      list_extract(a, i)));
CREATE MACRO trino_key(m, k) AS
  trino_guard(coalesce(list_contains(map_keys(m), k), true),
    'Key not present in map: ' || CAST(k AS VARCHAR), m[k]);
CREATE MACRO trino_element_at(a, i) AS
  trino_guard(coalesce(i <> 0, true), 'SQL array indices start at 1', list_extract(a, i));
CREATE MACRO trino_contains(a, x) AS
  CASE WHEN a IS NULL OR x IS NULL THEN NULL WHEN list_contains(a, x) THEN true
  WHEN len(list_filter(a, lambda trino_i : trino_i IS NULL)) > 0 THEN NULL ELSE false END;
CREATE MACRO trino_array_position(a, x) AS
  CASE WHEN a IS NULL OR x IS NULL THEN NULL
  ELSE CAST(coalesce(list_position(a, x), 0) AS BIGINT) END;
CREATE MACRO trino_array_sort(a) AS list_sort(a, 'ASC', 'NULLS LAST');
CREATE MACRO trino_array_remove(a, x) AS CASE WHEN x IS NULL THEN NULL
  ELSE list_filter(a, lambda trino_i : trino_i IS DISTINCT FROM x) END;
CREATE MACRO trino_array_max(a) AS
  CASE WHEN len(list_filter(a, lambda trino_i : trino_i IS NULL)) > 0 THEN NULL
  ELSE list_max(a) END;
CREATE MACRO trino_array_min(a) AS
  CASE WHEN len(list_filter(a, lambda trino_i : trino_i IS NULL)) > 0 THEN NULL
  ELSE list_min(a) END;
CREATE MACRO trino_sequence_by(a, b, step) AS
  trino_guard(coalesce(step <> 0, true), 'step must not be zero',
    trino_guard(coalesce((b >= a AND step > 0) OR (b <= a AND step < 0), true),
      'sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start',
      trino_guard(coalesce(abs(b - a) // greatest(abs(step), 1) < 10000, true),
        'result of sequence function must not have more than 10000 entries',
        generate_series(a, b, step))));
CREATE MACRO trino_sequence(a, b) AS trino_sequence_by(a, b, CASE WHEN b < a THEN -1 ELSE 1 END),
  (a, b, step) AS trino_sequence_by(a, b, step);
CREATE MACRO trino_sequence_in_time(a, b, step) AS
  trino_guard(coalesce(len(generate_series(a, b, step)) > 0, true),
    'sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start',
    trino_guard(coalesce(len(generate_series(a, b, step)) <= 10000, true),
      'result of sequence function must not have more than 10000 entries',
      generate_series(a, b, step)));
CREATE MACRO trino_slice(a, first, count) AS
  trino_guard(coalesce(first <> 0, true), 'SQL array indices start at 1',
    trino_guard(coalesce(count >= 0, true), 'length must be greater than or equal to 0',
      CASE WHEN first < 0 AND -first > len(a) THEN list_slice(a, 1, 0)
      WHEN first > 0 THEN list_slice(a, first, first + count - 1)
      ELSE list_slice(a, len(a) + first + 1, len(a) + first + count) END));
CREATE MACRO trino_map_entries(m) AS
  list_transform(map_entries(m), lambda trino_e : row(trino_e.key, trino_e.value));

-- Bytes
CREATE MACRO trino_md5(x) AS unhex(md5(x));
CREATE MACRO trino_sha1(x) AS unhex(sha1(x));
CREATE MACRO trino_sha256(x) AS unhex(sha256(x));
CREATE MACRO trino_to_hex(x) AS upper(hex(x));

-- Numbers
CREATE MACRO trino_random() AS random();
CREATE MACRO trino_bitwise_and(a, b) AS CAST(a AS BIGINT) & CAST(b AS BIGINT);
CREATE MACRO trino_bitwise_or(a, b) AS CAST(a AS BIGINT) | CAST(b AS BIGINT);
CREATE MACRO trino_bitwise_xor(a, b) AS xor(CAST(a AS BIGINT), CAST(b AS BIGINT));
-- Java's Math has NaN and infinity where DuckDB fails.
CREATE MACRO trino_real_ln(x) AS CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN CAST('-inf' AS DOUBLE)
  WHEN x < 0 THEN CAST('nan' AS DOUBLE) END;
CREATE MACRO trino_ln(x) AS trino_real_ln(CAST(x AS DOUBLE));
CREATE MACRO trino_log(base, x) AS trino_ln(x) / trino_ln(base);
CREATE MACRO trino_log2(x) AS CASE WHEN x > 0 THEN log2(CAST(x AS DOUBLE)) ELSE trino_ln(x) END;
CREATE MACRO trino_log10(x) AS CASE WHEN x > 0 THEN log10(CAST(x AS DOUBLE)) ELSE trino_ln(x) END;
CREATE MACRO trino_sqrt(x) AS CASE WHEN x < 0 THEN CAST('nan' AS DOUBLE)
  ELSE sqrt(CAST(x AS DOUBLE)) END;
CREATE MACRO trino_asin(x) AS CASE WHEN x BETWEEN -1 AND 1 THEN asin(CAST(x AS DOUBLE))
  WHEN x IS NOT NULL THEN CAST('nan' AS DOUBLE) END;
CREATE MACRO trino_acos(x) AS CASE WHEN x BETWEEN -1 AND 1 THEN acos(CAST(x AS DOUBLE))
  WHEN x IS NOT NULL THEN CAST('nan' AS DOUBLE) END;
CREATE MACRO trino_finite(x) AS CASE WHEN isfinite(x) THEN x END;
-- DuckDB before 2.0 has NULL here.
CREATE MACRO trino_divide(a, b) AS
  trino_guard(coalesce(b <> 0, true), 'DIVISION_BY_ZERO: Division by zero', a // b);
CREATE MACRO trino_modulo(a, b) AS
  trino_guard(coalesce(b <> 0, true), 'DIVISION_BY_ZERO: Division by zero', a % b);
-- NaN is equal to nothing and no greater than anything; DuckDB has it equal to itself and greatest.
CREATE MACRO trino_equal(a, b) AS CASE WHEN isnan(a) AND isnan(b) THEN false ELSE a = b END;
CREATE MACRO trino_greater(a, b) AS CASE WHEN isnan(a) AND b IS NOT NULL THEN false ELSE a > b END;
CREATE MACRO trino_greater_equal(a, b) AS
  CASE WHEN isnan(a) AND b IS NOT NULL THEN false ELSE a >= b END;
CREATE MACRO trino_has_null(a) AS len(list_filter(a, lambda trino_i : trino_i IS NULL)) > 0;
CREATE MACRO trino_arrays_overlap(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL
  WHEN len(a) = 0 OR len(b) = 0 THEN false WHEN list_has_any(a, b) THEN true
  WHEN trino_has_null(a) OR trino_has_null(b) THEN NULL ELSE false END;
CREATE MACRO trino_array_distinct(a) AS list_filter(a, lambda trino_x, trino_i :
  coalesce(list_position(a, trino_x) = trino_i, false) OR (trino_x IS NULL AND trino_i =
    list_position(list_transform(a, lambda trino_y : trino_y IS NULL), true)));

-- Overloads of the Python functions
CREATE MACRO trino_regexp_extract(s, p) AS trino_regexp_extract_2(s, p),
  (s, p, g) AS trino_regexp_extract_3(s, p, CAST(g AS INTEGER));
CREATE MACRO trino_regexp_extract_all(s, p) AS trino_regexp_extract_all_2(s, p),
  (s, p, g) AS trino_regexp_extract_all_3(s, p, CAST(g AS INTEGER));
CREATE MACRO trino_regexp_replace(s, p) AS trino_regexp_replace_2(s, p),
  (s, p, r) AS trino_regexp_replace_3(s, p, r);

-- What a call is until the types of its arguments are known
CREATE MACRO trino_pending_at(a, i) AS a[i];
CREATE MACRO trino_pending_element_at(a, i) AS a[i];
CREATE MACRO trino_pending_cardinality(a) AS CASE WHEN row(a) IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END;
CREATE MACRO trino_pending_length(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE CAST(length(CAST(x AS VARCHAR)) AS BIGINT) END;
CREATE MACRO trino_pending_sequence(a, b) AS CASE WHEN row(a, b) IS NULL THEN NULL ELSE [a] END,
  (a, b, step) AS CASE WHEN row(a, b, step) IS NULL THEN NULL ELSE [a] END;
CREATE MACRO trino_pending_contains(a, x) AS CASE WHEN row(a, x) IS NULL THEN NULL ELSE true END;
CREATE MACRO trino_pending_array_position(a, x) AS CASE WHEN row(a, x) IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END;
CREATE MACRO trino_pending_array_remove(a, x) AS CASE WHEN row(a, x) IS NULL THEN NULL ELSE a END;
CREATE MACRO trino_pending_regexp_like(s, p) AS CASE WHEN row(s, p) IS NULL THEN NULL ELSE true END;
CREATE MACRO trino_pending_regexp_count(s, p) AS CASE WHEN row(s, p) IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END;
CREATE MACRO trino_pending_regexp_split(s, p) AS CASE WHEN row(s, p) IS NULL THEN NULL ELSE [''] END;
CREATE MACRO trino_pending_regexp_extract(s, p) AS CASE WHEN row(s, p) IS NULL THEN NULL ELSE '' END,
  (s, p, g) AS CASE WHEN row(s, p, g) IS NULL THEN NULL ELSE '' END;
CREATE MACRO trino_pending_regexp_extract_all(s, p) AS CASE WHEN row(s, p) IS NULL THEN NULL ELSE [''] END,
  (s, p, g) AS CASE WHEN row(s, p, g) IS NULL THEN NULL ELSE [''] END;
CREATE MACRO trino_pending_regexp_replace(s, p) AS CASE WHEN row(s, p) IS NULL THEN NULL ELSE '' END,
  (s, p, r) AS CASE WHEN row(s, p, r) IS NULL THEN NULL ELSE '' END;
CREATE MACRO trino_pending_reverse(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE x END;
CREATE MACRO trino_pending_floor(x) AS floor(x);
CREATE MACRO trino_pending_ceil(x) AS ceil(x);
CREATE MACRO trino_pending_ceiling(x) AS ceil(x);
CREATE MACRO trino_pending_round(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE round(x) END,
  (x, n) AS CASE WHEN row(x, n) IS NULL THEN NULL ELSE x END;
CREATE MACRO trino_pending_truncate(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE trunc(x) END;
CREATE MACRO trino_pending_sign(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE x END;
CREATE MACRO trino_pending_date(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE CAST(x AS DATE) END;
CREATE MACRO trino_pending_date_trunc(unit, x) AS CASE WHEN row(unit, x) IS NULL THEN NULL ELSE x END;
CREATE MACRO trino_pending_date_add(unit, n, x) AS CASE WHEN row(unit, n, x) IS NULL THEN NULL ELSE x END;
CREATE MACRO trino_pending_date_diff(unit, a, b) AS CASE WHEN row(unit, a, b) IS NULL THEN NULL ELSE CAST(0 AS BIGINT) END;
CREATE MACRO trino_pending_date_format(x, f) AS CASE WHEN row(x, f) IS NULL THEN NULL ELSE CAST(x AS VARCHAR) END;
CREATE MACRO trino_pending_date_parse(s, f) AS CASE WHEN row(s, f) IS NULL THEN NULL ELSE CAST(NULL AS TIMESTAMP) END;
CREATE MACRO trino_pending_from_iso8601_timestamp(s) AS CASE WHEN row(s) IS NULL THEN NULL ELSE CAST(NULL AS TIMESTAMPTZ) END;
CREATE MACRO trino_pending_from_iso8601_date(s) AS CASE WHEN row(s) IS NULL THEN NULL ELSE CAST(NULL AS DATE) END;
CREATE MACRO trino_pending_to_iso8601(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE CAST(x AS VARCHAR) END;
CREATE MACRO trino_pending_array_join(a, sep) AS CASE WHEN row(a, sep) IS NULL THEN NULL ELSE '' END,
  (a, sep, nil) AS CASE WHEN row(a, sep, nil) IS NULL THEN NULL ELSE '' END;
CREATE MACRO trino_pending_typeof(x) AS CASE WHEN row(x) IS NULL THEN NULL ELSE '' END;
CREATE MACRO trino_nan() AS CAST('nan' AS DOUBLE);
CREATE MACRO trino_infinity() AS CAST('inf' AS DOUBLE);
