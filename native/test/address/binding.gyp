{
  "variables": {"sanitize": "address,undefined"},
  "targets": [
    {
      "target_name": "unit_tests",
      "includes": ["../unit_tests.gypi"],
    }
  ]
}
