# The native tests' program. A new test file is one line in "sources". The folders plain, address
# and thread build it, each with its own flags and its own objects, so that going from one sanitizer
# to another rebuilds nothing. test/native/runNativeTests.mjs builds and runs them. Needs the headers
# of doctest and OpenSSL (Debian: doctest-dev, libssl-dev).
{
  "type": "executable",
  "includes": ["../engine.gypi"],
  "sources": [
    "../env/fault_env.cc",
    "../env/fault_inode.cc",
    "base_test.cc",
    "engine/appender_test.cc",
    "engine/concurrency_test.cc",
    "engine/damage_test.cc",
    "engine/gated_env.cc",
    "engine/recovery_test.cc",
    "engine/rotation_test.cc",
    "engine/sample_log.cc",
    "engine/store_file_test.cc",
    "engine/test_store.cc",
    "engine/torn_tail_test.cc",
    "env_test.cc",
    "fault_env_test.cc",
    "faults/fault_sweep_test.cc",
    "faults/ledger.cc",
    "faults/mutants.cc",
    "faults/sweep.cc",
    "faults/workload.cc",
    "index/log_index_test.cc",
    "ingest/domain_rules_test.cc",
    "ingest/event_parser_test.cc",
    "ingest/json_cases_accepted.cc",
    "ingest/json_cases_refused.cc",
    "ingest/json_walk_test.cc",
    "ingest/stage_test.cc",
    "ingest/staging.cc",
    "main_test.cc",
    "memory_env_test.cc",
    "posix_env_test.cc",
    "query/json_writer_test.cc",
    "query/query_model_test.cc",
    "wal/commit_queue_test.cc",
    "wal/log_builder.cc",
    "wal/segment_format_test.cc",
    "wal/segment_maker_test.cc",
    "wal/segment_scan_test.cc",
  ],
  "variables": {
    # -O1: frames and lines in the reports, and faster to compile and to run than -O0.
    "sanitizer_flags": [
      "-fsanitize=<(sanitize)",
      "-O1",
      "-fno-omit-frame-pointer",
      "-fno-sanitize-recover=all",
    ],
  },
  "defines": ["_GLIBCXX_ASSERTIONS"],
  "cflags_cc": ["-Werror", "-g"],
  "libraries": ["-lcrypto", "-lpthread"],
  "conditions": [
    [
      "sanitize!='none'",
      {
        "cflags_cc!": ["-O3"],
        "cflags_cc": ["<@(sanitizer_flags)"],
        "ldflags": ["-fsanitize=<(sanitize)"],
        "xcode_settings": {
          "OTHER_CPLUSPLUSFLAGS": ["<@(sanitizer_flags)"],
          "OTHER_LDFLAGS": ["-fsanitize=<(sanitize)"],
        },
      },
    ],
  ],
}
