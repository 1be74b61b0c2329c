# Developer shell: npm builds it on `npm ci`. It is never published; native/binding.gyp is.
{
  "targets": [
    {
      "target_name": "allsource",
      "includes": ["native/engine.gypi", "native/addon.gypi"],
      "defines": ["ALLSOURCE_VERSION=\"<!(node -p \"require('./package.json').version\")\""],
    }
  ]
}
