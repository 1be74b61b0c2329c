// Store.columns: events as columns in the memory layout of Apache Arrow, made on the thread pool.

#include <algorithm>
#include <cstring>
#include <utility>

#include "addon/query_arguments.h"
#include "addon/store_object.h"
#include "columnar/columns.h"

namespace allsource::addon {
namespace {

// Rows of a batch whose records have more bytes than a batch may have come in the next one.
constexpr size_t kBatchBytesMax = size_t{512} << 20;

// An array of names for each field, and the number of its type.
columnar::ColumnRequest RequestOf(const Napi::Value& columns, const Napi::Value& paths,
                                  const Napi::Value& types) {
  columnar::ColumnRequest request{columns.As<Napi::Number>().Uint32Value(), {}};
  const auto fields = paths.As<Napi::Array>();
  const auto numbers = types.As<Napi::Array>();
  for (uint32_t i = 0; i < fields.Length(); i++) {
    const auto names = fields.Get(i).As<Napi::Array>();
    columnar::Field& field = request.fields.emplace_back();
    for (uint32_t n = 0; n < names.Length(); n++) {
      field.path.push_back(TextOf(names.Get(n), "path"));
    }
    field.type = static_cast<columnar::FieldType>(numbers.Get(i).As<Napi::Number>().Uint32Value());
  }
  return request;
}

// JavaScript sees the batch's own memory, which goes back to its pool once nothing of it is used.
Napi::Value MemoryOf(Napi::Env env, std::shared_ptr<wal::FrameBuffer> memory) {
  auto* const held = new std::shared_ptr<wal::FrameBuffer>(std::move(memory));
  const auto let_go = [](napi_env, void*, void* hint) {
    delete static_cast<std::shared_ptr<wal::FrameBuffer>*>(hint);
  };
  napi_value buffer = nullptr;
  uint8_t* const data = (*held)->data();
  const size_t bytes = (*held)->bytes();
  if (bytes != 0 &&
      napi_create_external_arraybuffer(env, data, bytes, let_go, held, &buffer) == napi_ok) {
    return Napi::Value(env, buffer);
  }
  // Where memory can't be shared with JavaScript, as in Electron.
  auto copy = Napi::ArrayBuffer::New(env, bytes);
  if (bytes != 0) std::memcpy(copy.Data(), data, bytes);
  delete held;
  return copy;
}

class ColumnsWorker : public Napi::AsyncWorker {
 public:
  ColumnsWorker(const Napi::CallbackInfo& info, std::shared_ptr<StoreHandle> handle)
      : Napi::AsyncWorker(info.Env()),
        handle_(std::move(handle)),
        arguments_(info),
        writer_(RequestOf(info[15], info[16], info[17]), handle_->column_memory),
        deferred_(info.Env()) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    const size_t bytes_max = std::min(arguments_.bytes_max, kBatchBytesMax);
    auto read =
        handle_->engine->ReadColumns(arguments_.query(), arguments_.limit, bytes_max, writer_);
    if (read.ok()) {
      read_ = std::move(read.value());
    } else {
      status_ = read.status();
    }
  }

  void OnOK() override {
    const Napi::Env env = Env();
    if (!status_.ok()) {
      deferred_.Reject(ErrorOf(env, status_).Value());
      return;
    }
    const auto& buffers = read_.batch.buffers;
    auto extents = Napi::Float64Array::New(env, 2 * buffers.size());
    for (size_t i = 0; i < buffers.size(); i++) {
      extents[2 * i] = static_cast<double>(buffers[i].offset);
      extents[2 * i + 1] = static_cast<double>(buffers[i].bytes);
    }
    Napi::Object batch = Napi::Object::New(env);
    batch.Set("rows", static_cast<double>(read_.batch.rows));
    batch.Set("nextPosition", static_cast<double>(read_.next_position));
    batch.Set("memory", MemoryOf(env, std::move(read_.batch.memory)));
    batch.Set("extents", extents);
    deferred_.Resolve(batch);
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  const std::shared_ptr<StoreHandle> handle_;
  const QueryArguments arguments_;
  columnar::ColumnWriter writer_;
  engine::ColumnsRead read_;
  Status status_;
  Napi::Promise::Deferred deferred_;
};

}  // namespace

// columns(…query, columns, paths, types): promise of {rows, nextPosition, memory, extents}
Napi::Value StoreObject::Columns(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    (void)engine();
    auto* const worker = new ColumnsWorker(info, handle_);
    worker->Queue();
    return worker->promise();
  });
}

}  // namespace allsource::addon
