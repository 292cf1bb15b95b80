#pragma once

#include <sys/types.h>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

/// How a program is started. Everything that the tested command reads from the environment is absent unless
/// given; its state folder is a new, empty one.
struct child_setup {
    std::string program;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment = {};
    std::string input = {};  ///< standard input, at once; small
    bool keep_input_open = false;
    bool close_output = false;       ///< starts without a standard output
    std::string output_file = {};    ///< where standard output goes; empty: to the test
    bool error_is_terminal = false;  ///< of 60 columns and 24 rows
    bool output_is_terminal = false;
};

/// False where the system has no pseudo-terminals, as in a bare chroot.
bool terminals_available();

struct outcome {
    int code = -1;  ///< exit code, or 1000 + the signal that ended it
    std::string out;
    std::string err;
};

/** A program that runs beside the test. Every wait is bounded; what takes longer throws.
 *
 * Killed where the test ends before it.
 */
class child {
 public:
    explicit child(const child_setup& setup);
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child();

    /// Reads until its standard error (or output) contains `text` `times` times.
    void await_error(const std::string& text, std::size_t times = 1);
    void await_output(const std::string& text);
    /// Reads until `enough` is true; it may look at `output()`.
    void await(const std::function<bool()>& enough) { read_until(enough); }
    const std::string& output() const { return out_; }
    pid_t id() const { return pid_; }
    const std::string& errors() const { return err_; }
    void write_input(const std::string& text);
    void close_input();
    void close_output();
    void signal(int number);
    /// Its terminal has another size from now on; it is told.
    void resize_terminal(unsigned short columns, unsigned short rows);
    outcome wait();

 private:
    void run_program(const child_setup& setup, int in, int out, int err);
    void read_until(const std::function<bool()>& enough);

    temporary_folder state_;
    pid_t pid_ = -1;
    int pidfd_ = -1;
    int in_ = -1;
    int out_pipe_ = -1;
    int err_pipe_ = -1;
    std::string out_;
    std::string err_;
};

/// Starts, waits and answers.
outcome run(const child_setup& setup);
