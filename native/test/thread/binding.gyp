{
  "variables": {"sanitize": "thread"},
  "targets": [
    {
      "target_name": "unit_tests",
      "includes": ["../unit_tests.gypi"],
    }
  ]
}
