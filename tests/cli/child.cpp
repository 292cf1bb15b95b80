#include "cli/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>

namespace {

// Generous: it bounds a hang, it does not measure anything.
constexpr auto patience = std::chrono::seconds(100);

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    return ends;
}

void set_size(int terminal, unsigned short columns, unsigned short rows) {
    winsize size{};
    size.ws_row = rows;
    size.ws_col = columns;
    ::ioctl(terminal, TIOCSWINSZ, &size);
}

std::array<int, 2> make_terminal() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) throw std::runtime_error("terminal");
    const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    set_size(slave, 60, 24);
    return {master, slave};
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++found;
    return found;
}

void close_and_forget(int& file) {
    if (file >= 0) ::close(file);
    file = -1;
}

// False at the end.
bool read_some(int& file, std::string& into) {
    std::array<char, 4096> block{};
    const auto got = ::read(file, block.data(), block.size());
    if (got > 0) into.append(block.data(), static_cast<std::size_t>(got));
    // A terminal whose last writer is gone answers EIO.
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) close_and_forget(file);
    return file >= 0;
}

}  // namespace

bool terminals_available() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const bool usable = master >= 0 && ::grantpt(master) == 0 && ::unlockpt(master) == 0;
    if (master >= 0) ::close(master);
    return usable;
}

child::child(const child_setup& setup) {
    const auto in = make_pipe();
    const auto out = setup.output_is_terminal ? make_terminal() : make_pipe();
    const auto err = setup.error_is_terminal ? make_terminal() : make_pipe();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) run_program(setup, in[0], out[1], err[1]);
    ::close(in[0]);
    ::close(out[1]);
    ::close(err[1]);
    in_ = in[1];
    out_pipe_ = out[0];
    err_pipe_ = err[0];
    // glibc 2.36 declares its wrapper without C linkage.
    pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pidfd_ < 0) throw std::runtime_error("pidfd_open");
    write_input(setup.input);
    if (!setup.keep_input_open) close_input();
}

child::~child() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    for (int* file : {&pidfd_, &in_, &out_pipe_, &err_pipe_}) close_and_forget(*file);
}

// Never returns.
void child::run_program(const child_setup& setup, int in, int out, int err) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (setup.close_output) {
        ::close(STDOUT_FILENO);
    } else if (!setup.output_file.empty()) {
        const int file = ::open(setup.output_file.c_str(), O_WRONLY | O_CREAT, 0600);
        ::dup2(file, STDOUT_FILENO);
        ::close(file);
    } else {
        ::dup2(out, STDOUT_FILENO);
    }
    for (const char* name :
         {"OPENAI_BASE_URL", "OPENAI_API_KEY", "LLM_ENGINE_BASE_PATH", "SCALE_API_KEY", "ANTHROPIC_BASE_URL",
          "ANTHROPIC_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY", "GOOGLE_API_KEY",
          "AZURE_OPENAI_API_KEY", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
          "no_proxy", "NO_PROXY"}) {
        ::unsetenv(name);
    }
    ::unsetenv("HOME");
    ::setenv("XDG_STATE_HOME", state_.path("").c_str(), 1);
    ::setenv("TERM", "xterm", 1);
    for (const auto& [name, value] : setup.environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> arguments{const_cast<char*>(setup.program.c_str())};
    for (const auto& each : setup.arguments) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    ::execv(setup.program.c_str(), arguments.data());
    ::_exit(127);
}

void child::read_until(const std::function<bool()>& enough) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!enough()) {
        std::array<pollfd, 2> files{pollfd{out_pipe_, POLLIN, 0}, pollfd{err_pipe_, POLLIN, 0}};
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) throw std::runtime_error("waited too long; standard error: " + err_);
        if (::poll(files.data(), files.size(), static_cast<int>(left.count())) <= 0) continue;
        if (files[0].revents != 0) read_some(out_pipe_, out_);
        if (files[1].revents != 0) read_some(err_pipe_, err_);
        if (out_pipe_ < 0 && err_pipe_ < 0 && !enough()) {
            throw std::runtime_error("ended before it said what was awaited; standard error: " + err_);
        }
    }
}

void child::await_error(const std::string& text, std::size_t times) {
    read_until([&] { return count(err_, text) >= times; });
}

void child::await_output(const std::string& text) {
    read_until([&] { return count(out_, text) > 0; });
}

void child::write_input(const std::string& text) {
    if (!text.empty() && ::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw std::runtime_error("cannot write to the program");
    }
}

void child::close_input() {
    close_and_forget(in_);
}

void child::close_output() {
    close_and_forget(out_pipe_);
}

void child::signal(int number) {
    ::kill(pid_, number);
}

void child::resize_terminal(unsigned short columns, unsigned short rows) {
    set_size(err_pipe_, columns, rows);
    signal(SIGWINCH);
}

outcome child::wait() {
    read_until([&] { return out_pipe_ < 0 && err_pipe_ < 0; });
    pollfd ended{pidfd_, POLLIN, 0};
    constexpr int patience_ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    if (::poll(&ended, 1, patience_ms) != 1) throw std::runtime_error("closed its streams, but does not end");
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), out_, err_};
}

outcome run(const child_setup& setup) {
    child started(setup);
    return started.wait();
}
