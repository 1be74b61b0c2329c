# The shell that the published package holds, for platforms without a prebuilt binary.
{
  "targets": [
    {
      "target_name": "allsource",
      "includes": ["engine.gypi", "addon.gypi"],
      "defines": ["ALLSOURCE_VERSION=\"<!(node -p \"require('../package.json').version\")\""],
    }
  ]
}
