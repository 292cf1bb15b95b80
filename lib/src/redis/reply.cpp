#include "redis/reply.hpp"

#include <hiredis/hiredis.h>

#include <charconv>
#include <new>

namespace stagger::redis {

namespace {

struct reply_closer {
    void operator()(void* got) const { freeReplyObject(got); }
};

// hiredis takes memory for as many as a store says.
constexpr std::size_t most_elements = std::size_t{1024} * 1024;

redisReader* new_reader() {
    redisReader* const made = redisReaderCreate();
    if (!made) throw std::bad_alloc();
    return made;
}

const redisReplyObjectFunctions& usual_functions() {
    static const redisReplyObjectFunctions found = [] {
        const std::unique_ptr<redisReader, decltype(&redisReaderFree)> one(new_reader(), &redisReaderFree);
        return *one->fn;
    }();
    return found;
}

// int or size_t, by the version of hiredis.
template <class Count>
void* bounded_array(const redisReadTask* task, Count count) {
    if (static_cast<std::size_t>(count) > most_elements) return nullptr;
    return usual_functions().createArray(task, count);
}

// Bounded by the parser's own depth of nesting.
reply value_of(const redisReply& got) {
    reply made;
    switch (got.type) {
        case REDIS_REPLY_STRING:
            made.what = reply::kind::text;
            made.text.assign(got.str, got.len);
            break;
        case REDIS_REPLY_STATUS:
            made.what = reply::kind::status;
            made.text.assign(got.str, got.len);
            break;
        case REDIS_REPLY_ERROR:
            made.what = reply::kind::error;
            made.text.assign(got.str, got.len);
            break;
        case REDIS_REPLY_INTEGER:
            made.what = reply::kind::integer;
            made.integer = got.integer;
            break;
        case REDIS_REPLY_ARRAY:
            made.what = reply::kind::array;
            for (std::size_t each = 0; each < got.elements; ++each)
                made.items.push_back(value_of(*got.element[each]));
            break;
        default:
            break;
    }
    return made;
}

}  // namespace

std::int64_t reply::number() const {
    if (what == kind::integer) return integer;
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string format_command(const std::vector<std::string>& words) {
    std::vector<const char*> begins;
    std::vector<std::size_t> sizes;
    for (const std::string& each : words) {
        begins.push_back(each.data());
        sizes.push_back(each.size());
    }
    char* made = nullptr;
    const auto size =
        redisFormatCommandArgv(&made, static_cast<int>(words.size()), begins.data(), sizes.data());
    if (size < 0) throw std::bad_alloc();
    const std::unique_ptr<char, decltype(&redisFreeCommand)> owned(made, &redisFreeCommand);
    return {made, static_cast<std::size_t>(size)};
}

void reply_parser::closer::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

reply_parser::reply_parser() : reader_(new_reader()) {
    static redisReplyObjectFunctions bounded = [] {
        redisReplyObjectFunctions made = usual_functions();
        made.createArray = &bounded_array;
        return made;
    }();
    reader_->fn = &bounded;
}

void reply_parser::feed(std::string_view bytes) {
    if (!problem_.empty()) return;
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) problem_ = reader_->errstr;
    // An answer of a job may be as long as 64 MiB, and more where it has to be written with escapes.
    constexpr std::size_t most_unread = std::size_t{128} * 1024 * 1024;
    if (reader_->len - reader_->pos > most_unread) problem_ = "a reply is too large";
}

std::optional<reply> reply_parser::next() {
    if (!problem_.empty()) return std::nullopt;
    void* got = nullptr;
    if (redisReaderGetReply(reader_.get(), &got) != REDIS_OK) problem_ = reader_->errstr;
    if (!got) return std::nullopt;
    const std::unique_ptr<void, reply_closer> owned(got);
    return value_of(*static_cast<const redisReply*>(got));
}

}  // namespace stagger::redis
