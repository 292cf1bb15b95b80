#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace stagger::redis {

/// What a store answers (RESP2).
struct reply {
    enum class kind { nil, status, error, integer, text, array };
    kind what = kind::nil;
    std::string text;  ///< of a status, an error or a text
    std::int64_t integer = 0;
    std::vector<reply> items;

    bool is_error() const { return what == kind::error; }
    /// An integer, also one that was told as text; 0 for anything else.
    std::int64_t number() const;
};

/// A command as the store reads it. @throws std::bad_alloc
std::string format_command(const std::vector<std::string>& words);

/// Takes replies out of what a store sends, cut anywhere. Bounded: a reply that is too large is no reply.
class reply_parser {
 public:
    reply_parser();
    /// @return nothing where there is no whole reply yet; more may be there after one
    std::optional<reply> next();
    void feed(std::string_view bytes);
    /// What is wrong with what was fed; empty: nothing. Nothing more comes then.
    const std::string& problem() const { return problem_; }

 private:
    struct closer {
        void operator()(redisReader* reader) const;
    };
    std::unique_ptr<redisReader, closer> reader_;
    std::string problem_;
};

}  // namespace stagger::redis
