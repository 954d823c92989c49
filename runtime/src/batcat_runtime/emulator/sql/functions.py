"""The functions of Trino that are known to be right here; any other is refused by name.

Source: Trino documentation, "List of functions and operators", and Amazon Athena User Guide,
"Functions in Amazon Athena". ``trino_…`` are the macros of ``trino.sql`` and the Python functions
of ``native``; what remains has the same meaning in DuckDB. Functions whose meaning depends on the
types of their arguments are in ``calls``.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import NotEmulatedError, QueryError

ANY = 99


@dataclass(frozen=True)
class Function:
    """How a function is carried out.

    Attributes:
        name: DuckDB's function, macro or Python function.
        least: fewest arguments.
        most: most arguments.
        takes: a letter for the type of each argument, see :data:`LETTERS`; the last holds for
            all that follow.
    """

    name: str
    least: int
    most: int
    takes: str = "."

    def letters(self, count: int) -> str:
        """A letter for each of so many arguments."""
        return self.takes[:count].ljust(count, self.takes[-1])


def _table(lines: str) -> dict[str, Function]:
    table = {}
    takes = "."
    for item in lines.split():
        if item.endswith("|"):
            takes = item[:-1]
            continue
        words, _, arity = item.partition("/")
        trino, _, duckdb = words.partition(":")
        least, _, most = arity.partition("-")
        table[trino] = Function(duckdb or trino, int(least), int(most or least), takes)
    return table


LETTERS: dict[str, tuple[str, ...]] = {
    "n": ("tinyint", "smallint", "integer", "bigint", "hugeint", "real", "double", "decimal"),
    "i": ("tinyint", "smallint", "integer", "bigint", "hugeint"),
    "t": ("varchar", "char"),
    "b": ("varbinary",),
    "m": ("date", "timestamp", "timestamptz"),
    "c": ("date", "timestamp", "timestamptz", "time"),
    "f": ("boolean",),
    "a": ("array",),
    "p": ("map",),
    "j": ("varchar", "json"),
    "s": ("varchar", "char", "varbinary", "array"),
}
"""What an argument may be. ``.`` is anything, ``=`` anything that compares with the first."""


FUNCTIONS = _table(
    """
    .| coalesce/1-99 .=| nullif/2

    n| abs/1 degrees/1 radians/1 exp/1 ln:trino_ln/1 log2:trino_log2/1 log10:trino_log10/1
    log:trino_log/2 pi/0 pow/2 power:pow/2 sqrt:trino_sqrt/1 sin/1 cos/1 tan/1
    asin:trino_asin/1 acos:trino_acos/1 atan/1 atan2/2 sinh/1 cosh/1 tanh/1
    is_nan:isnan/1 is_finite:isfinite/1 is_infinite:isinf/1 rand:trino_random/0
    random:trino_random/0
    i| bitwise_and:trino_bitwise_and/2 bitwise_or:trino_bitwise_or/2
    bitwise_xor:trino_bitwise_xor/2

    t| lower:trino_lower/1 upper:trino_upper/1 replace:trino_replace/2-3 strpos/2 starts_with/2
    split:trino_split/2 trim:trino_trim/1 ltrim:trino_ltrim/1 rtrim:trino_rtrim/1
    codepoint:trino_codepoint/1 concat_ws/2-99 translate/3
    levenshtein_distance:trino_levenshtein_distance/2 hamming_distance:trino_hamming_distance/2
    to_utf8:encode/1
    tit| lpad:trino_lpad/3 rpad:trino_rpad/3 ti| substr:trino_substr/2-3
    substring:trino_substr/2-3 tti| split_part:trino_split_part/3
    i| chr/1 .i| repeat:trino_repeat/2 b| from_utf8:decode/1

    .| now:trino_now/0
    m| year/1 quarter/1 month/1 week/1 week_of_year:week/1 day/1 day_of_month:day/1
    day_of_week:isodow/1 dow:isodow/1 day_of_year:dayofyear/1 doy:dayofyear/1
    year_of_week:isoyear/1 yow:isoyear/1 last_day_of_month:last_day/1 to_unixtime:epoch/1
    c| hour/1 minute/1 second/1 millisecond:trino_millisecond/1
    n| from_unixtime:trino_from_unixtime/1

    jt| json_extract:trino_json_extract/2 json_extract_scalar:trino_json_extract_scalar/2
    json_size:trino_json_size/2 json_array_contains:trino_json_array_contains/2
    j| json_array_length:trino_json_array_length/1 json_format:trino_json_format/1
    t| json_parse:trino_json_parse/1

    a| array_distinct:trino_array_distinct/1 array_sort:trino_array_sort/1
    array_max:trino_array_max/1 array_min:trino_array_min/1 flatten/1
    a=| arrays_overlap:trino_arrays_overlap/2
    a.| transform:list_transform/2 filter:list_filter/2 aii| slice:trino_slice/3
    p| map_keys/1 map_values/1 map_entries:trino_map_entries/1
    a| map_from_entries/1 map:map/0-2

    b| md5:trino_md5/1 sha1:trino_sha1/1 sha256:trino_sha256/1 to_hex:trino_to_hex/1 to_base64/1
    t| from_hex/1 from_base64/1

    .| count/0-1 min/1 max/1 arbitrary:any_value/1 any_value/1 array_agg/1
    min_by:arg_min_null/2 max_by:arg_max_null/2
    f| bool_and/1 bool_or/1 every:bool_and/1
    n| stddev/1 stddev_samp/1 stddev_pop/1 variance/1 var_samp/1 var_pop/1 covar_samp/2
    covar_pop/2 approx_percentile:quantile_disc/2 geometric_mean/1
    .| grouping/1-99 row_number/0 rank/0 dense_rank/0 percent_rank/0 cume_dist/0
    first_value/1 last_value/1 i| ntile/1 .i=| lag/1-3 lead/1-3 .i| nth_value/2
    """
)
"""Trino's name to what carries it out; ``name:other/least-most``."""

_OVERLOADED = """
approx_percentile concat_ws day hour json_array_contains minute month quarter second year
"""
OVERLOADED = frozenset(_OVERLOADED.split())
"""Functions that Trino has for other types of arguments, too."""

_AGGREGATES = """
any_value approx_distinct approx_percentile arbitrary array_agg avg bool_and bool_or corr count
count_if covar_pop covar_samp every geometric_mean max max_by min min_by regr_intercept
regr_slope stddev stddev_pop stddev_samp sum var_pop var_samp variance
"""
AGGREGATES = frozenset(_AGGREGATES.split())

EXACT = frozenset({"approx_distinct", "approx_percentile"})
"""Approximations that are exact here, which is within the error that Trino documents."""


def known(name: str, arguments: int) -> Function:
    """How a function is carried out.

    Args:
        name: as in the query.
        arguments: how many it is given.

    Raises:
        NotEmulatedError: it is not on the list, or not with so many arguments.
    """
    found = FUNCTIONS.get(name.lower())
    if found is None:
        if name.lower() in TRINO:
            raise NotEmulatedError(f"Athena function {name.lower()}")
        raise QueryError("FUNCTION_NOT_FOUND", f"Function '{name.lower()}' not registered")
    if not found.least <= arguments <= found.most:
        raise NotEmulatedError(f"Athena function {name.lower()} with {arguments} arguments")
    return found


_TRINO = """
all_match any_match cbrt approx_most_frequent approx_set array_except array_intersect array_union
array_frequency array_join at_timezone avg bar beta_cdf bing_tile bit_count bitwise_and_agg
bitwise_left_shift bitwise_not bitwise_or_agg bitwise_right_shift cardinality ceil ceiling
char2hexint checksum classify color combinations concat convex_hull_agg cosine_distance
cosine_similarity count_if crc32 current_catalog current_groups current_schema date date_add
date_diff date_format date_parse date_trunc e element_at entropy
evaluate_classifier_predictions features floor format format_datetime format_number
from_base from_base32 from_base64url from_big_endian_32 from_big_endian_64
from_encoded_polyline from_geojson_geometry from_ieee754_32 from_ieee754_64
from_iso8601_date from_iso8601_timestamp from_iso8601_timestamp_nanos from_unixtime_nanos
geometry_from_hadoop_shape great_circle_distance greatest histogram hmac_md5 hmac_sha1
hmac_sha256 hmac_sha512 human_readable_seconds if infinity intersection_cardinality
inverse_beta_cdf inverse_normal_cdf is_json_scalar jaccard_index json_array json_array_get
json_exists json_object json_query json_value kurtosis learn_classifier learn_regressor
least length line_interpolate_point line_locate_point listagg localtime localtimestamp
luhn_check make_set_digest map_agg map_concat map_filter map_union map_zip_with merge
merge_set_digest multimap_agg multimap_from_entries murmur3 nan ngrams none_match normal_cdf
normalize numeric_histogram objectid_timestamp parse_data_size parse_datetime parse_duration
parse_presto_data_size position qdigest_agg quantile_at_value rand_range reduce reduce_agg
regexp_position regr_avgx render reverse rgb round sha512 shuffle sign simplify_geometry
skewness soundex split_to_map split_to_multimap spooky_hash_v2_32 spooky_hash_v2_64 st_point
sum tdigest_agg timezone_hour timezone_minute to_base to_base32 to_base64url
to_big_endian_32 to_big_endian_64 to_geojson_geometry to_ieee754_32 to_ieee754_64 to_iso8601
to_milliseconds transform_keys transform_values trim_array truncate try typeof
url_extract_fragment url_extract_host url_extract_parameter url_extract_path
url_extract_port url_extract_protocol url_decode url_encode url_extract_query uuid
value_at_quantile values_at_quantiles version width_bucket wilson_interval_lower
wilson_interval_upper with_timezone word_stem xxhash64 zip zip_with
"""
TRINO = frozenset(_TRINO.split())
"""Names that Athena knows, for telling what is not emulated from what does not exist."""
