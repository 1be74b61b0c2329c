// The tree against the definitions of RFC 6962, section 2.1, written down as they stand there.
#include "merkle/tree.h"

#include <bit>
#include <string>

#include "test/test_support.h"

namespace allsource::merkle {
namespace {

using Leaves = std::span<const Digest>;

Leaves::size_type LeftOf(Leaves leaves) { return std::bit_floor(leaves.size() - 1); }

Digest NodeHash(const Digest& left, const Digest& right) {
  std::vector<uint8_t> input{1};
  input.insert(input.end(), left.begin(), left.end());
  input.insert(input.end(), right.begin(), right.end());
  return Sha256()(input);
}

Digest Mth(Leaves leaves) {
  if (leaves.empty()) return Sha256()({});
  if (leaves.size() == 1) return leaves[0];
  return NodeHash(Mth(leaves.first(LeftOf(leaves))), Mth(leaves.subspan(LeftOf(leaves))));
}

std::vector<Digest> Path(size_t m, Leaves leaves) {
  if (leaves.size() == 1) return {};
  const size_t k = LeftOf(leaves);
  auto path = m < k ? Path(m, leaves.first(k)) : Path(m - k, leaves.subspan(k));
  path.push_back(Mth(m < k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

std::vector<Digest> SubProof(size_t m, Leaves leaves, bool is_known) {
  if (m == leaves.size()) return is_known ? std::vector<Digest>() : std::vector{Mth(leaves)};
  const size_t k = LeftOf(leaves);
  auto path =
      m <= k ? SubProof(m, leaves.first(k), is_known) : SubProof(m - k, leaves.subspan(k), false);
  path.push_back(Mth(m <= k ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

std::vector<Digest> MakeLeaves(size_t count) {
  std::vector<Digest> leaves;
  for (size_t i = 0; i < count; i++) {
    const std::string text = std::to_string(i);
    leaves.push_back(Sha256()({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
  }
  return leaves;
}

Tree TreeOver(const std::vector<Digest>& leaves, size_t recent = Tree::kRecentHashes) {
  const auto read_leaves = [&leaves](uint64_t begin, uint64_t end) {
    REQUIRE(begin / Tree::kChunkLeaves == (end - 1) / Tree::kChunkLeaves);
    return std::vector<Digest>(leaves.begin() + static_cast<ptrdiff_t>(begin),
                               leaves.begin() + static_cast<ptrdiff_t>(end));
  };
  return Tree(
      read_leaves, [](uint64_t) { return std::nullopt; }, recent);
}

// Around every place where a chunk or a level of chunks begins.
const std::vector<uint64_t> kSizes = {1,   2,   3,   7,    8,    255,  256,  257,  511,  512,
                                      513, 767, 768, 1023, 1024, 1025, 1791, 1792, 2047, 2100};

TEST_CASE("RootBuilder gives the root of every size, of leaves and of whole subtrees") {
  const std::vector<Digest> leaves = MakeLeaves(600);
  RootBuilder by_leaves;
  for (size_t size = 0; size <= leaves.size(); size++) {
    const Leaves beginning = Leaves(leaves).first(size);
    CHECK(by_leaves.Root() == Mth(beginning));
    CHECK(by_leaves.size() == size);
    if (size < leaves.size()) by_leaves.Add(leaves[size]);
    RootBuilder by_subtrees;
    const size_t whole = size / 64 * 64;
    for (size_t at = 0; at < whole; at += 64) by_subtrees.Add(Mth(beginning.subspan(at, 64)), 64);
    for (const Digest& leaf : beginning.subspan(whole)) by_subtrees.Add(leaf);
    CHECK(by_subtrees.Root() == Mth(beginning));
  }
}

TEST_CASE("the empty tree is the hash of nothing") {
  const std::vector<Digest> none;
  CHECK(test::Take(TreeOver(none).Root(0)) == Sha256()({}));
}

TEST_CASE("roots of all sizes are those of RFC 6962, in any order of asking") {
  const auto leaves = MakeLeaves(2100);
  Tree tree = TreeOver(leaves);
  for (auto size = kSizes.rbegin(); size != kSizes.rend(); ++size) {
    CHECK(test::Take(tree.Root(*size)) == Mth(Leaves(leaves).first(*size)));
  }
  Tree growing = TreeOver(leaves);
  for (const uint64_t size : kSizes) {
    CHECK(test::Take(growing.Root(size)) == Mth(Leaves(leaves).first(size)));
  }
}

TEST_CASE("inclusion paths are those of RFC 6962") {
  const auto leaves = MakeLeaves(2100);
  Tree tree = TreeOver(leaves);
  for (const uint64_t size : kSizes) {
    for (uint64_t index = 0; index < size; index += 1 + size / 37) {
      CHECK(test::Take(tree.InclusionPath(index, size)) == Path(index, Leaves(leaves).first(size)));
    }
    CHECK(test::Take(tree.InclusionPath(size - 1, size)) ==
          Path(size - 1, Leaves(leaves).first(size)));
  }
}

TEST_CASE("consistency paths are those of RFC 6962") {
  const auto leaves = MakeLeaves(2100);
  Tree tree = TreeOver(leaves);
  for (const uint64_t second : kSizes) {
    for (const uint64_t first : kSizes) {
      if (first > second) break;
      CHECK(test::Take(tree.ConsistencyPath(first, second)) ==
            SubProof(first, Leaves(leaves).first(second), true));
    }
  }
}

TEST_CASE("a tree that keeps few hashes of small subtrees gives the same proofs") {
  const auto leaves = MakeLeaves(9000);
  for (const size_t recent : {size_t{2}, size_t{5}}) {
    Tree tree = TreeOver(leaves, recent);
    CHECK(test::Take(tree.Root(9000)) == Mth(leaves));
    for (const uint64_t size : {300, 4096, 4097, 8191, 9000}) {
      const Leaves first = Leaves(leaves).first(size);
      CHECK(test::Take(tree.Root(size)) == Mth(first));
      CHECK(test::Take(tree.InclusionPath(size / 3, size)) == Path(size / 3, first));
      CHECK(test::Take(tree.ConsistencyPath(size, 9000)) == SubProof(size, leaves, true));
    }
  }
}

TEST_CASE("chunks whose root is known are not read") {
  const auto leaves = MakeLeaves(9000);
  const auto read_leaves = [&leaves](uint64_t begin, uint64_t end) {
    REQUIRE(begin >= 8192);
    return std::vector<Digest>(leaves.begin() + static_cast<ptrdiff_t>(begin),
                               leaves.begin() + static_cast<ptrdiff_t>(end));
  };
  const auto read_chunk = [&leaves](uint64_t chunk) {
    const uint64_t begin = chunk * Tree::kChunkLeaves;
    return begin < 8192 ? std::optional(Mth(Leaves(leaves).subspan(begin, Tree::kChunkLeaves)))
                        : std::nullopt;
  };
  Tree tree(read_leaves, read_chunk, 2);
  CHECK(test::Take(tree.Root(9000)) == Mth(leaves));
  CHECK(test::Take(tree.ConsistencyPath(512, 9000)) == SubProof(512, leaves, true));
}

}  // namespace
}  // namespace allsource::merkle
