// An environment whose disk can be held up.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "test/engine/forwarding_env.h"

namespace allsource::test {

// While the gate is closed, writes wait in front of the disk. Must outlive the files.
class GatedEnv final : public ForwardingEnv {
 public:
  explicit GatedEnv(env::Env* env) : ForwardingEnv(env) {}
  ~GatedEnv() override { OpenGate(); }

  void CloseGate() { SetOpen(false); }
  void OpenGate() { SetOpen(true); }

 private:
  class GatedFile;
  std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) override;
  void SetOpen(bool open);
  void Pass();

  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = true;  // guarded by mutex_
};

}  // namespace allsource::test
