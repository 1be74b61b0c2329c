# Fuzz targets, for clang with libFuzzer. test/native/runFuzz.mjs builds and runs them.
{
  "variables": {
    "fuzz_flags": ["-O1", "-g", "-fno-omit-frame-pointer", "-Wno-unknown-warning-option"],
  },
  "target_defaults": {
    "defines": ["_GLIBCXX_ASSERTIONS"],
    "cflags_cc!": ["-O3"],
    "cflags_cc": ["<@(fuzz_flags)"],
    "include_dirs": ["../.."],
  },
  "targets": [
    {
      "target_name": "engine",
      "type": "static_library",
      "includes": ["../../engine.gypi"],
      "cflags_cc!": ["-O3"],
      "cflags_cc": ["-fsanitize=fuzzer-no-link,address,undefined", "<@(fuzz_flags)"],
    },
    {
      "target_name": "frame_fuzz",
      "includes": ["fuzz_target.gypi"],
      "sources": ["frame_fuzz.cc"],
    },
    {
      "target_name": "index_fuzz",
      "includes": ["fuzz_target.gypi"],
      "sources": [
        "../bytes_env.cc",
        "../index/index_layout.cc",
        "index_fuzz.cc",
        "sample_store.cc",
      ],
    },
    {
      "target_name": "ndjson_fuzz",
      "includes": ["fuzz_target.gypi"],
      "sources": ["ndjson_fuzz.cc"],
    },
    {
      "target_name": "postings_fuzz",
      "includes": ["fuzz_target.gypi"],
      "sources": ["postings_fuzz.cc"],
    },
    {
      "target_name": "segment_scan_fuzz",
      "includes": ["fuzz_target.gypi"],
      "sources": ["segment_scan_fuzz.cc"],
    },
    {
      "target_name": "store_file_fuzz",
      "includes": ["fuzz_target.gypi"],
      "sources": ["store_file_fuzz.cc"],
    },
  ],
}
