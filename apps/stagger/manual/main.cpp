// Writes the manual pages of the commands: manual_pages DESCRIPTIONS FOLDER.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "cli/program.hpp"
#include "cli/text_file.hpp"
#include "manual_page.hpp"

int main(int count, char** arguments) {
    if (count != 3) {
        std::fputs("usage: manual_pages DESCRIPTIONS FOLDER\n", stderr);
        return 2;
    }
    const std::string descriptions = arguments[1];
    const std::string folder = arguments[2];
    try {
        const app::program all;
        for (const auto& each : all.commands()) {
            const auto& name = each.parser->get_name();
            const auto text =
                app::read_text_file(std::string(descriptions).append("/").append(name).append(".roff")) +
                "\n";
            const auto path = std::string(folder).append("/stagger-").append(name).append(".1");
            std::ofstream page(path, std::ios::binary);
            page << app::manual_page(all.parser(), *each.parser, text);
            page.close();
            if (!page) throw app::failure(app::exit_code::file_failed, path + ": cannot be written");
        }
    } catch (const std::exception& wrong) {
        std::fprintf(stderr, "manual_pages: %s\n", wrong.what());
        return 1;
    }
    return 0;
}
