// Measures what this machine can do at most with the bytes that the engine moves, and prints it as
// JSON. Usage:
//   limit measure DIRECTORY SECONDS FIGURE...   figures as in figure.h
//   limit evict FILE...                         drops the files from the page cache
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "figure.h"
#include "group_file.h"

namespace {

using allsource::bench::Figure;
using allsource::bench::FigureSpec;

constexpr double kSecondsMax = 60;

int Refuse(const char* what, const char* got) {
  std::fprintf(stderr,
               "limit: %s, got %s; usage: limit measure DIRECTORY SECONDS FIGURE... | limit evict "
               "FILE...\n",
               what, got);
  return 2;
}

void Print(const FigureSpec& spec, const Figure& figure, bool is_last) {
  const double groups_per_second = static_cast<double>(figure.groups) / figure.seconds;
  const double records = static_cast<double>(spec.records);
  const double bytes = static_cast<double>(spec.GroupBytes());
  std::printf(
      "  {\"figure\": \"%s\", \"records\": %zu, \"recordBytes\": %zu, \"groups\": %llu,\n"
      "   \"seconds\": %.3f, \"groupsPerSecond\": %.1f, \"recordsPerSecond\": %.1f,\n"
      "   \"bytesPerSecond\": %.0f, \"microsMedian\": %.3f, \"microsP99\": %.3f}%s\n",
      spec.text.c_str(), spec.records, spec.record_bytes,
      static_cast<unsigned long long>(figure.groups), figure.seconds, groups_per_second,
      groups_per_second * records, groups_per_second * bytes, figure.micros_median,
      figure.micros_p99, is_last ? "" : ",");
}

int MeasureAll(const char* directory, const char* seconds_text, int count, char** figures) {
  const double seconds = std::strtod(seconds_text, nullptr);
  if (!(seconds > 0 && seconds <= kSecondsMax)) {
    return Refuse("expected seconds above 0 and up to 60", seconds_text);
  }
  std::vector<FigureSpec> specs(static_cast<size_t>(count));
  for (int i = 0; i < count; i++) {
    if (!allsource::bench::ParseFigureSpec(figures[i], &specs[static_cast<size_t>(i)])) {
      return Refuse("expected a figure such as sync:64x360:growing", figures[i]);
    }
  }
  std::printf("[\n");
  for (size_t i = 0; i < specs.size(); i++) {
    const Figure figure = allsource::bench::Measure(specs[i], directory, seconds);
    Print(specs[i], figure, i + 1 == specs.size());
  }
  std::printf("]\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "measure" && argc > 4) return MeasureAll(argv[2], argv[3], argc - 4, argv + 4);
  if (command == "evict" && argc > 2) {
    for (int i = 2; i < argc; i++) allsource::bench::EvictFromPageCache(argv[i]);
    return 0;
  }
  return Refuse("expected measure or evict with their arguments", argc > 1 ? argv[1] : "nothing");
}
