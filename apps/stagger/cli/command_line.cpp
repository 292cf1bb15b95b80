#include "command_line.hpp"

#include <fstream>

namespace app {

std::vector<std::string> command_line(const stagger::wire::secrets& hidden) {
    std::ifstream words("/proc/self/cmdline");
    std::vector<std::string> all;
    for (std::string word; std::getline(words, word, '\0');) {
        hidden.mask(word);
        all.push_back(word);
    }
    return all;
}

}  // namespace app
