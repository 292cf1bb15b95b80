#include "answer_store.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <random>

#include "batch/file_handle.hpp"
#include "cli/exit_code.hpp"

namespace app {
namespace {

// Another process writes for milliseconds.
constexpr int busy_timeout_ms = 10'000;
constexpr int look_again_ms = 5;
constexpr int format_version = 1;

// Answers are their owner's: SQLite itself would make a file that everybody may read.
void make_private_file(const std::string& path) {
    constexpr mode_t owner_only = 0600;
    const stagger::batch::file_handle made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only));
    if (!made)
        throw failure(exit_code::file_failed, path + ": " + stagger::batch::system_failure().message());
}

std::int64_t random_number() {
    std::random_device source;
    return static_cast<std::int64_t>((std::uint64_t{source()} << 32 | source()) >> 1);
}

}  // namespace

answer_store::answer_store(const std::string& path) : path_(path), run_(random_number()) {
    try {
        if (!path.empty()) make_private_file(path);
        if (::sqlite3_open(path.c_str(), &base_) != SQLITE_OK)
            throw failure(exit_code::file_failed, ::sqlite3_errmsg(base_));
        ::sqlite3_busy_timeout(base_, busy_timeout_ms);
        run(path.empty() ? "PRAGMA synchronous = OFF" : "PRAGMA journal_mode = WAL");
        if (!path.empty()) run("PRAGMA synchronous = NORMAL");
        run("CREATE TABLE IF NOT EXISTS answers(key BLOB PRIMARY KEY, body BLOB NOT NULL, tokens INTEGER NOT "
            "NULL, "
            "run INTEGER NOT NULL) WITHOUT ROWID");
        settle_version();
        find_ = prepare("SELECT body, tokens, run FROM answers WHERE key = ?");
        put_ = prepare("INSERT OR IGNORE INTO answers(key, body, tokens, run) VALUES(?, ?, ?, ?)");
    } catch (const failure& failed) {
        const std::string problem = failed.what();
        ::sqlite3_close_v2(base_);
        throw failure(exit_code::file_failed,
                      problem.starts_with(path_) && !path_.empty() ? problem : path_ + ": " + problem);
    }
}

answer_store::~answer_store() {
    ::sqlite3_finalize(find_);
    ::sqlite3_finalize(put_);
    ::sqlite3_close_v2(base_);
}

// Two processes that open a new file at once can each wait for the other's lock: there SQLite does not wait
// by itself.
void answer_store::run(const char* sql) {
    for (int waited_ms = 0;; waited_ms += look_again_ms) {
        const int result = ::sqlite3_exec(base_, sql, nullptr, nullptr, nullptr);
        if (result == SQLITE_OK) return;
        if (result != SQLITE_BUSY || waited_ms >= busy_timeout_ms)
            throw failure(exit_code::file_failed, ::sqlite3_errmsg(base_));
        ::sqlite3_sleep(look_again_ms);
    }
}

void answer_store::settle_version() {
    sqlite3_stmt* const asked = prepare("PRAGMA user_version");
    const int found = ::sqlite3_step(asked) == SQLITE_ROW ? ::sqlite3_column_int(asked, 0) : 0;
    ::sqlite3_finalize(asked);
    if (found > format_version)
        throw failure(exit_code::file_failed, "is a cache of a later version of stagger");
    if (found < format_version) run(("PRAGMA user_version = " + std::to_string(format_version)).c_str());
}

sqlite3_stmt* answer_store::prepare(const char* sql) {
    sqlite3_stmt* made = nullptr;
    if (::sqlite3_prepare_v2(base_, sql, -1, &made, nullptr) != SQLITE_OK)
        throw failure(exit_code::file_failed,
                      std::string("is no cache of answers: ") + ::sqlite3_errmsg(base_));
    return made;
}

void answer_store::note_problem() {
    if (problem_.empty()) problem_ = (path_.empty() ? "" : path_ + ": ") + ::sqlite3_errmsg(base_);
}

std::optional<stored_answer> answer_store::find(const std::string& key) {
    std::optional<stored_answer> found;
    ::sqlite3_bind_blob64(find_, 1, key.data(), key.size(), SQLITE_STATIC);
    const int result = ::sqlite3_step(find_);
    if (result == SQLITE_ROW) {
        const auto* body = static_cast<const char*>(::sqlite3_column_blob(find_, 0));
        const auto length = static_cast<std::size_t>(::sqlite3_column_bytes(find_, 0));
        found.emplace();
        if (body) found->body.assign(body, length);
        found->tokens = static_cast<std::uint64_t>(::sqlite3_column_int64(find_, 1));
        found->of_this_run = ::sqlite3_column_int64(find_, 2) == run_;
    } else if (result != SQLITE_DONE) {
        note_problem();
    }
    ::sqlite3_reset(find_);
    return found;
}

void answer_store::put(const std::string& key, const std::string& body, std::uint64_t tokens) {
    ::sqlite3_bind_blob64(put_, 1, key.data(), key.size(), SQLITE_STATIC);
    ::sqlite3_bind_blob64(put_, 2, body.data(), body.size(), SQLITE_STATIC);
    ::sqlite3_bind_int64(put_, 3, static_cast<sqlite3_int64>(tokens));
    ::sqlite3_bind_int64(put_, 4, run_);
    if (::sqlite3_step(put_) != SQLITE_DONE) note_problem();
    ::sqlite3_reset(put_);
}

}  // namespace app
