{
  "variables": {"sanitize": "none"},
  "targets": [
    {
      "target_name": "unit_tests",
      "includes": ["../unit_tests.gypi"],
    }
  ]
}
