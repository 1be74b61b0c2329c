// Paths as text, for the environments.
#pragma once

#include <filesystem>
#include <string>

namespace allsource::env {

// The directory that holds `path`, which may end in slashes: "." for a bare name, "/" for "/".
inline std::string ParentPath(const std::string& path) {
  std::filesystem::path name = path;
  if (!name.has_filename()) name = name.parent_path();
  const std::string parent = name.parent_path().string();
  return parent.empty() ? "." : parent;
}

// One text per place for environments without links: no "//", no "./", no slash at the end.
inline std::string NormalizedPath(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal.empty() ? "." : normal;
}

}  // namespace allsource::env
