# The addon with the address and undefined sanitizers, for test/faults. A process that loads it must
# have the compiler's libasan.so preloaded.
{
  "targets": [
    {
      "target_name": "allsource",
      "includes": ["../../engine.gypi", "../../addon.gypi"],
      "variables": {
        "sanitizer_flags": [
          "-fsanitize=address,undefined",
          "-O1",
          "-fno-omit-frame-pointer",
          "-fno-sanitize-recover=all",
        ],
      },
      "defines": [
        "_GLIBCXX_ASSERTIONS",
        "ALLSOURCE_VERSION=\"<!(node -p \"require('../../../package.json').version\")\"",
      ],
      "cflags_cc!": ["-O3"],
      "cflags_cc": ["-g", "<@(sanitizer_flags)"],
      "ldflags": ["-fsanitize=address,undefined"],
    }
  ]
}
