#include "test/ingest/json_cases.h"

#include <fstream>

#include "test/test_support.h"

namespace allsource::test {
namespace {

// Tests run in the root of the repository.
constexpr char kCasesFile[] = "test/json/cases.txt";

std::string Unescaped(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (text[i + 1] == '\\') {
      bytes += text[++i];
    } else {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 2, 2)), nullptr, 16));
      i += 3;
    }
  }
  return bytes;
}

// A piece of a text, which may be there many times.
std::string PieceOf(std::string_view piece) {
  if (!piece.starts_with("\\*")) return Unescaped(piece);
  const size_t colon = piece.find(':');
  const std::string once = Unescaped(piece.substr(colon + 1));
  std::string many;
  for (int i = std::stoi(std::string(piece.substr(2, colon - 2))); i > 0; i--) many += once;
  return many;
}

std::vector<JsonCase> CasesOf(char verdict) {
  std::ifstream file(kCasesFile);
  REQUIRE_MESSAGE(file.good(), "expected " << kCasesFile << " in the working directory");
  std::vector<JsonCase> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] != verdict) continue;
    size_t tab = line.find('\t');
    JsonCase item{line.substr(2, tab - 2), ""};
    while (tab != line.npos) {
      const size_t next = line.find('\t', tab + 1);
      item.text += PieceOf(std::string_view(line).substr(tab + 1, next - tab - 1));
      tab = next;
    }
    cases.push_back(std::move(item));
  }
  return cases;
}

}  // namespace

std::span<const JsonCase> AcceptedJson() {
  static const std::vector<JsonCase> cases = CasesOf('+');
  return cases;
}

std::span<const JsonCase> RefusedJson() {
  static const std::vector<JsonCase> cases = CasesOf('-');
  return cases;
}

}  // namespace allsource::test
