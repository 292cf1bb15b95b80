#include "layers/await_operands.hpp"

#include <cctype>
#include <string>
#include <string_view>

namespace layers {

namespace {

struct token {
    std::string_view text;
    std::size_t offset;
};
using tokens = std::vector<token>;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Words, "::", "->", and single signs.
tokens tokens_of(std::string_view code) {
    tokens found;
    std::size_t at = 0;
    while (at < code.size()) {
        std::size_t length = 1;
        if (std::isspace(static_cast<unsigned char>(code[at]))) {
            ++at;
            continue;
        }
        if (is_word(code[at])) {
            while (at + length < code.size() && is_word(code[at + length])) ++length;
        } else if (code.substr(at, 2) == "::" || code.substr(at, 2) == "->") {
            length = 2;
        }
        found.push_back({code.substr(at, length), at});
        at += length;
    }
    return found;
}

bool opens(std::string_view text) {
    return text == "(" || text == "[" || text == "{";
}

bool closes(std::string_view text) {
    return text == ")" || text == "]" || text == "}";
}

// Index of the bracket that closes the one at `open`, or the end.
std::size_t matching(const tokens& all, std::size_t open) {
    std::size_t depth = 0;
    for (std::size_t at = open; at < all.size(); ++at) {
        if (opens(all[at].text)) ++depth;
        if (closes(all[at].text) && --depth == 0) return at;
    }
    return all.size();
}

bool is_name(std::string_view text) {
    return is_word(text.front()) && !std::isdigit(static_cast<unsigned char>(text.front())) &&
           text != "co_await" && text != "return" && text != "mutable" && text != "noexcept";
}

// Index of the "<" whose ">" is at `close`, or `close` where there is none.
std::size_t template_start(const tokens& all, std::size_t close) {
    std::size_t depth = 0;
    for (std::size_t at = close; at > 0; --at) {
        if (all[at].text == ">") ++depth;
        if (all[at].text == "<" && --depth == 0) return at;
        if (all[at].text == ";") break;
    }
    return close;
}

// Index of the first token of the type name that ends before the brace at `brace`; `brace` where none does.
std::size_t type_start(const tokens& all, std::size_t brace) {
    std::size_t at = brace;
    while (at > 0) {
        std::size_t last = at - 1;
        if (all[last].text == ">") last = template_start(all, last) - 1;
        if (!is_name(all[last].text)) break;
        at = last;
        if (at < 1 || all[at - 1].text != "::") break;
        --at;
    }
    return at;
}

// Whether the brace at `at` begins a value: an initialiser list, or the braces of a temporary.
bool begins_value(const tokens& all, std::size_t at) {
    std::size_t start = type_start(all, at);
    std::string_view before = all[start - 1].text;
    if (before == "->") return false;  // the trailing return type of a lambda
    if (start == at)
        return before == "(" || before == "," || before == "{" || before == "co_await" || before == "=";
    bool harmless =
        all[start].text == "chrono" || (all[start].text == "std" && all[start + 2].text == "chrono");
    return !harmless;
}

// Whether the "[" at `at` begins a lambda and not a subscript.
bool begins_lambda(const tokens& all, std::size_t at) {
    std::string_view before = all[at - 1].text;
    return !is_name(before) && !closes(before);
}

// Looks through the operand of the co_await at `start`.
void inspect_operand(const tokens& all, std::size_t start, const source_file& file,
                     std::vector<violation>& found) {
    std::size_t depth = 0;
    auto report = [&](std::size_t at, const char* what) {
        found.push_back({file.path, line_of(file.text, all[at].offset), what});
    };
    for (std::size_t at = start + 1; at < all.size(); ++at) {
        std::string_view text = all[at].text;
        if (text == ";" && depth == 0) return;
        if (text == "[" && begins_lambda(all, at)) {
            std::size_t close = matching(all, at);
            if (close > at + 1) report(at, "co_await on a capturing lambda without a name");
            at = close;
        } else if (text == "{") {
            if (begins_value(all, at)) {
                report(at, "co_await on a braced temporary without a name");
            } else if (depth == 0) {
                return;  // the block behind `if (co_await x)`
            }
            at = matching(all, at);
        } else if (opens(text)) {
            ++depth;
        } else if (closes(text)) {
            if (depth == 0) return;
            --depth;
        }
    }
}

// Whether the tokens at `at` are the operator && or ||.
bool is_logical(const tokens& all, std::size_t at) {
    const std::string_view text = all[at].text;
    return (text == "&" || text == "|") && at + 1 < all.size() && all[at + 1].text == text &&
           all[at + 1].offset == all[at].offset + 1;
}

// Looks through the brackets at `open`, which hold a loop's condition.
void inspect_condition(const tokens& all, std::size_t open, const source_file& file,
                       std::vector<violation>& found) {
    const std::size_t close = matching(all, open);
    bool behind_operator = false;
    for (std::size_t at = open; at < close; ++at) {
        if (is_logical(all, at)) behind_operator = true;
        if (all[at].text == ";") behind_operator = false;
        if (all[at].text != "co_await" || !behind_operator) continue;
        found.push_back(
            {file.path, line_of(file.text, all[at].offset), "co_await behind && or || of a loop"});
    }
}

}  // namespace

std::vector<violation> awaited_in_any_case(const source_file& file) {
    const std::string code = strip(file.text, keep::code_only);
    const tokens all = tokens_of(code);
    std::vector<violation> found;
    for (std::size_t at = 0; at + 1 < all.size(); ++at) {
        const bool loop = all[at].text == "while" || all[at].text == "for";
        if (loop && all[at + 1].text == "(") inspect_condition(all, at + 1, file, found);
    }
    return found;
}

std::vector<violation> unnamed_in_co_await(const source_file& file) {
    const std::string code = strip(file.text, keep::code_only);
    const tokens all = tokens_of(code);
    std::vector<violation> found;
    for (std::size_t at = 0; at < all.size(); ++at) {
        if (all[at].text == "co_await") inspect_operand(all, at, file, found);
    }
    return found;
}

}  // namespace layers
