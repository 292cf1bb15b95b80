#include "batch/batch_error.hpp"

#include <string>

#include "base/error_name.hpp"

namespace stagger::batch {
namespace {

#ifdef __GNUC__
// The destructor of Boost's base class is protected; its friends make g++ take it for public.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif

class category final : public boost::system::error_category {
 public:
    const char* name() const noexcept override { return "stagger.batch"; }
    std::string message(int code) const override {
        switch (static_cast<batch_errc>(code)) {
            case batch_errc::prompts_changed:
                return "lines that are answered already say something else now";
            case batch_errc::prompts_shrunk:
                return "became shorter while it was read";
            case batch_errc::answer_not_as_expected:
                return "answer is not as expected";
        }
        return "unknown";
    }
};

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

}  // namespace

error_code make_error_code(batch_errc code) {
    static const category all;
    return {static_cast<int>(code), all};
}

std::string result_code(error_code error) {
    if (error == batch_errc::answer_not_as_expected) return "answer_not_as_expected";
    return wire::error_name(error);
}

}  // namespace stagger::batch
