#include "decompressor.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace app {
namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";

class gunzip final : public decompressor {
 public:
    gunzip() {
        constexpr int with_gzip_header = 16;
        if (::inflateInit2(&stream_, MAX_WBITS + with_gzip_header) != Z_OK) throw std::bad_alloc();
    }
    gunzip(const gunzip&) = delete;
    gunzip& operator=(const gunzip&) = delete;
    ~gunzip() override { ::inflateEnd(&stream_); }

    progress unpack(std::string_view packed, std::span<char> room) override {
        constexpr std::size_t most = std::numeric_limits<uInt>::max();
        if (at_end_ && !packed.empty()) {
            ::inflateReset(&stream_);
            at_end_ = false;
        }
        // zlib's interface is older than const.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        stream_.avail_in = static_cast<uInt>(std::min(packed.size(), most));
        stream_.next_out = reinterpret_cast<Bytef*>(room.data());
        stream_.avail_out = static_cast<uInt>(std::min(room.size(), most));
        const auto given = stream_.avail_in;
        const auto free = stream_.avail_out;
        const int result = ::inflate(&stream_, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            at_end_ = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            throw std::runtime_error(std::string("damaged gzip data: ") +
                                     (stream_.msg ? stream_.msg : "cannot be unpacked"));
        }
        return {given - stream_.avail_in, free - stream_.avail_out};
    }
    bool at_end() const override { return at_end_; }

 private:
    z_stream stream_{};
    bool at_end_ = false;
};

class unzstd final : public decompressor {
 public:
    unzstd() : stream_(::ZSTD_createDStream(), &::ZSTD_freeDStream) {
        if (!stream_) throw std::bad_alloc();
    }

    progress unpack(std::string_view packed, std::span<char> room) override {
        // Behind a frame's end a call without input would begin the next one.
        if (at_end_ && packed.empty()) return {};
        ZSTD_inBuffer in{packed.data(), packed.size(), 0};
        ZSTD_outBuffer out{room.data(), room.size(), 0};
        const auto left = ::ZSTD_decompressStream(stream_.get(), &out, &in);
        if (::ZSTD_isError(left) != 0)
            throw std::runtime_error(std::string("damaged zstd data: ") + ::ZSTD_getErrorName(left));
        at_end_ = left == 0;
        return {in.pos, out.pos};
    }
    bool at_end() const override { return at_end_; }

 private:
    std::unique_ptr<ZSTD_DStream, decltype(&::ZSTD_freeDStream)> stream_;
    bool at_end_ = false;
};

}  // namespace

std::unique_ptr<decompressor> decompressor_for(std::string_view beginning) {
    if (beginning.starts_with(gzip_magic)) return std::make_unique<gunzip>();
    if (beginning.starts_with(zstd_magic)) return std::make_unique<unzstd>();
    return nullptr;
}

std::string_view packing_by_name(std::string_view path) {
    if (path.ends_with(".gz")) return "gzip";
    if (path.ends_with(".zst")) return "zstd";
    return {};
}

}  // namespace app
