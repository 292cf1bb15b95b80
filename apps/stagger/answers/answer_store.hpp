#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace app {

/// An answer that was paid for once.
struct stored_answer {
    std::string body;          ///< as the server sent it
    std::uint64_t tokens = 0;  ///< of prompt and answer, as the server counted them
    bool of_this_run = false;
};

/** Answers by what was asked, in an SQLite database that several processes may use at once.
 *
 * A crash of the program loses none that was put there; one of the machine may lose the last ones, and harms
 * nothing else.
 */
class answer_store {
 public:
    /** @param path empty: one of this run alone, on disk, gone with it
     *  @throws failure file_failed where it cannot be used, or is no such database
     */
    explicit answer_store(const std::string& path);
    answer_store(const answer_store&) = delete;
    answer_store& operator=(const answer_store&) = delete;
    ~answer_store();

    std::optional<stored_answer> find(const std::string& key);
    /// What another process put there first stays.
    void put(const std::string& key, const std::string& body, std::uint64_t tokens);

    /// What kept something from being found or put, the first time; such answers are asked for. Empty:
    /// nothing.
    const std::string& problem() const { return problem_; }

 private:
    void run(const char* sql);
    void settle_version();
    sqlite3_stmt* prepare(const char* sql);
    void note_problem();

    std::string path_;
    sqlite3* base_ = nullptr;
    sqlite3_stmt* find_ = nullptr;
    sqlite3_stmt* put_ = nullptr;
    std::int64_t run_ = 0;  // tells this run's answers from earlier ones'
    std::string problem_;
};

}  // namespace app
