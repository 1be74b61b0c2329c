# What all fuzz targets share.
{
  "type": "executable",
  "dependencies": ["engine"],
  "sources": ["fuzzing.cc"],
  "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
  "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fsanitize=fuzzer,address,undefined"],
  "ldflags": ["-fsanitize=fuzzer,address,undefined"],
  "libraries": ["-lcrypto", "-lpthread"],
}
