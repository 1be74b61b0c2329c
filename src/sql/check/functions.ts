/**
 * What a query may call, by name. A list of what is allowed, not of what is not: a function that a later
 * DuckDB brings is refused until somebody has looked at it. Left out are those that
 *
 * - read files, settings, the environment, the catalogue or other queries: `read_text`, `getenv`,
 *   `current_setting`, `duckdb_tables`, `query`, …
 * - change something or wait: `setseed`, `nextval`, `write_log`, `sleep_ms`, …
 * - raise errors with what they are given: `error`
 * - make a large value out of a small one in one step, which neither the limit of memory nor that of time
 *   can stop: `repeat`, `lpad`, `rpad`, `bar`, `printf`, `format`, `list_resize`, `range` as a value, …
 */
const names = (text: string): readonly string[] => text.trim().split(/\s+/);

const operators = names(`
  + - * / // % ** ^ & | ~ << >> ! !__postfix @ || && ^@ <-> <=> <@ @> -> ->>
  ~~ !~~ ~~* !~~* ~~~ ~ like_escape not_like_escape ilike_escape not_ilike_escape
`);

const numeric = names(`
  abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide
  even exp factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm
  least least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians random
  round round_even roundbankers sign signbit sin sinh sqrt subtract tan tanh trunc xor
`);

const text = names(`
  array_to_string ascii base64 bin bit_length char_length character_length chr concat concat_ws contains
  damerau_levenshtein decode editdist3 encode ends_with format_bytes formatReadableDecimalSize
  formatReadableSize from_base64 from_hex hamming hash hex instr jaccard jaro_similarity
  jaro_winkler_similarity lcase left left_grapheme len length length_grapheme levenshtein lower ltrim md5
  md5_number mismatches nfc_normalize octet_length ord position prefix regexp_escape regexp_extract
  regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array replace reverse
  right right_grapheme rtrim sha1 sha256 split split_part starts_with str_split str_split_regex
  string_split string_split_regex string_to_array strip_accents strlen strpos substr substring
  substring_grapheme suffix to_base to_base64 to_binary to_hex translate trim ucase unhex unicode upper
  url_decode url_encode
`);

const time = names(`
  age ago century current_date current_localtime current_localtimestamp date_add date_diff date_part
  date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear
  days_in_month decade epoch epoch_ms epoch_ns epoch_us era get_current_time get_current_timestamp hour
  isodow isoyear julian last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns
  make_timestamptz microsecond millennium millisecond minute month monthname nanosecond
  normalized_interval now quarter second strftime strptime time_bucket timezone timezone_hour
  timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds
  to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today transaction_timestamp
  try_strptime week weekday weekofyear year yearweek
`);

const nested = names(`
  array_aggr array_aggregate array_append array_apply array_cat array_concat array_contains array_distinct
  array_extract array_filter array_has array_has_all array_has_any array_indexof array_intersect
  array_length array_pop_back array_pop_front array_position array_prepend array_push_back
  array_push_front array_reduce array_reverse array_reverse_sort array_select array_slice array_sort
  array_transform array_unique array_value array_where array_zip cardinality element_at filter flatten
  grade_up apply aggregate list_aggr list_aggregate list_any_value list_append list_apply
  list_approx_count_distinct list_avg list_bool_and list_bool_or list_cat list_concat list_contains
  list_count list_distinct list_element list_extract list_filter list_first list_grade_up list_has
  list_has_all list_has_any list_histogram list_indexof list_intersect list_last list_max list_median
  list_min list_mode list_pack list_position list_prepend list_product list_reduce list_reverse
  list_reverse_sort list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg
  list_sum list_transform list_unique list_value list_var_pop list_var_samp list_where list_zip map
  map_concat map_contains map_contains_entry map_contains_value map_entries map_extract map_extract_value
  map_from_entries map_keys map_values reduce row struct_concat struct_extract struct_extract_at
  struct_insert struct_keys struct_pack struct_update struct_values unnest union_extract union_tag
  union_value
`);

const json = names(`
  array_to_json from_json from_json_strict json json_array json_array_length json_contains json_exists
  json_extract json_extract_path json_extract_path_text json_extract_string json_group_array
  json_group_object json_group_structure json_keys json_merge_patch json_object json_pretty json_quote
  json_structure json_transform json_transform_strict json_type json_valid json_value row_to_json to_json
`);

const aggregates = names(`
  any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
  arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or
  bit_xor bitstring_agg bool_and bool_or corr count count_if count_star countif covar_pop covar_samp
  entropy favg first fsum geomean geometric_mean group_concat grouping grouping_id histogram
  histogram_exact kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median min min_by
  mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
  regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp
  string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg
`);

const windows = names(`
  cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense
  row_number
`);

const other = names(`
  coalesce constant_or_null enum_range gen_random_uuid if ifnull nullif nvl typeof uuid uuidv4 uuidv7
  uuid_extract_timestamp uuid_extract_version version
`);

/** By which values and aggregates are called. */
export const allowedFunctions: ReadonlySet<string> = new Set(
  [operators, numeric, text, time, nested, json, aggregates, windows, other]
    .flat()
    .map((name) => name.toLowerCase()),
);

/** What may stand behind FROM: they make rows one by one, and read nothing. */
export const allowedTableFunctions: ReadonlySet<string> = new Set([
  'generate_series',
  'json_each',
  'json_tree',
  'range',
  'unnest',
]);
