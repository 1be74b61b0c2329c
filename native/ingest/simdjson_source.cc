// Compiles simdjson from its npm source package, which is never copied into this tree.
#include <simdjson.cpp>  // NOLINT(build/include)
