#pragma once

#include <array>
#include <string_view>

/// What is fuzzed. Each takes any bytes, and throws `broken_property` where what should hold does not.
namespace stagger::fuzz {

void fuzz_answer(std::string_view bytes);
void fuzz_batch_line(std::string_view bytes);
void fuzz_clients_file(std::string_view bytes);
void fuzz_coordinator(std::string_view bytes);
void fuzz_decision_log(std::string_view bytes);
void fuzz_decode(std::string_view bytes);
void fuzz_fleet_message(std::string_view bytes);
void fuzz_headers(std::string_view bytes);
void fuzz_json(std::string_view bytes);
void fuzz_limits_file(std::string_view bytes);
void fuzz_line_splitter(std::string_view bytes);
void fuzz_options(std::string_view bytes);
void fuzz_proxy(std::string_view bytes);
void fuzz_redis_reply(std::string_view bytes);
void fuzz_request(std::string_view bytes);
void fuzz_result_file(std::string_view bytes);
void fuzz_result_line(std::string_view bytes);
void fuzz_results(std::string_view bytes);
void fuzz_rows(std::string_view bytes);
void fuzz_scenario(std::string_view bytes);
void fuzz_stream(std::string_view bytes);
void fuzz_text(std::string_view bytes);

struct target {
    const char* name;  ///< of its folder in the corpus
    void (*run)(std::string_view bytes);
};

inline constexpr std::array targets{
    target{"answer", fuzz_answer},
    target{"batch_line", fuzz_batch_line},
    target{"clients_file", fuzz_clients_file},
    target{"coordinator", fuzz_coordinator},
    target{"decision_log", fuzz_decision_log},
    target{"decode", fuzz_decode},
    target{"fleet_message", fuzz_fleet_message},
    target{"headers", fuzz_headers},
    target{"json", fuzz_json},
    target{"limits_file", fuzz_limits_file},
    target{"line_splitter", fuzz_line_splitter},
    target{"options", fuzz_options},
    target{"proxy", fuzz_proxy},
    target{"redis_reply", fuzz_redis_reply},
    target{"request", fuzz_request},
    target{"result_file", fuzz_result_file},
    target{"result_line", fuzz_result_line},
    target{"results", fuzz_results},
    target{"rows", fuzz_rows},
    target{"scenario", fuzz_scenario},
    target{"stream", fuzz_stream},
    target{"text", fuzz_text},
};

}  // namespace stagger::fuzz
