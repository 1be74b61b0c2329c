# The one list of the engine's sources and flags. Paths are relative to this file.
{
  "variables": {
    # Where npm put it, relative to the build file that includes this one.
    "simdjson%": "<!(node -p \"require('path').relative('.', require.resolve('@nozbe/simdjson/package.json') + '/../src')\")",
  },
  "sources": [
    "base/crc32c.cc",
    "base/hash.cc",
    "base/sha256.cc",
    "base/timestamp.cc",
    "base/uuid.cc",
    "engine/appender.cc",
    "engine/engine.cc",
    "engine/open_log.cc",
    "engine/repair.cc",
    "engine/store_file.cc",
    "engine/verify.cc",
    "env/memory.cc",
    "env/memory_env.cc",
    "env/posix_env.cc",
    "index/log_index.cc",
    "index/term.cc",
    "ingest/domain_rules.cc",
    "ingest/event_parser.cc",
    "ingest/json_walk.cc",
    "ingest/simdjson_source.cc",
    "ingest/stage.cc",
    "ingest/structure.cc",
    "query/json_writer.cc",
    "query/query.cc",
    "query/state_writer.cc",
    "query/text_out.cc",
    "wal/commit_queue.cc",
    "wal/frame_buffer.cc",
    "wal/segment.cc",
    "wal/segment_format.cc",
    "wal/segment_maker.cc",
    "wal/segment_scan.cc",
  ],
  "include_dirs": [
    ".",
    "<(simdjson)",
  ],
  # The API level of OpenSSL 1.1: OpenSSL 3 calls the low-level SHA-256 functions deprecated, but
  # they are more than twice as fast as what replaces them (see base/sha256.cc).
  "defines": ["OPENSSL_API_COMPAT=0x10100000L"],
  "cflags!": ["-fno-exceptions"],
  "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
  "cflags_cc": [
    "-std=c++20",
    "-O3",
    "-Wall",
    "-Wextra",
    # GCC 12 reports "literal" + std::string wrongly (https://gcc.gnu.org/PR105651).
    "-Wno-restrict",
    "-fvisibility=hidden",
  ],
  "xcode_settings": {
    "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
    "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
    "GCC_ENABLE_CPP_RTTI": "YES",
    "GCC_OPTIMIZATION_LEVEL": "3",
    "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
    # The first with pwritev.
    "MACOSX_DEPLOYMENT_TARGET": "11.0",
    "WARNING_CFLAGS": ["-Wall", "-Wextra"],
  },
}
