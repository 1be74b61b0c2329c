# What the addon adds to the engine. Paths are relative to this file.
{
  "sources": [
    "addon/addon.cc",
    "addon/backup_functions.cc",
    "addon/held_methods.cc",
    "addon/job.cc",
    "addon/column_methods.cc",
    "addon/payload_methods.cc",
    "addon/progress_notifier.cc",
    "addon/proof_methods.cc",
    "addon/read_methods.cc",
    "addon/store_handle.cc",
    "addon/store_object.cc",
    "addon/write_methods.cc",
  ],
  "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
  "defines": [
    "NAPI_VERSION=9",
    "NAPI_CPP_EXCEPTIONS",
    "NODE_ADDON_API_DISABLE_DEPRECATED",
    # Where a worker thread is ended while a job runs, its result can't reach JavaScript any more;
    # without this such an error ends the process.
    "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
  ],
}
