#include "batch/row_selection.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <set>

#include "batch/prompt_file.hpp"
#include "support/temporary_folder.hpp"

namespace batch = stagger::batch;
using batch::row_selection;

namespace {

struct fixture {
    temporary_folder folder;
    boost::asio::io_context context;

    std::unique_ptr<batch::prompt_file> list(std::size_t rows) {
        std::string text;
        for (std::size_t row = 1; row <= rows; ++row) text += "row " + std::to_string(row) + "\n";
        stagger::error_code error;
        auto opened = batch::prompt_file::open(context.get_executor(), folder.write("list.txt", text),
                                               stagger::prompt_file_format::automatic,
                                               stagger::dialect::openai_chat, error);
        REQUIRE(opened);
        return opened;
    }
};

std::set<std::size_t> chosen(const row_selection& selected, std::size_t rows) {
    std::set<std::size_t> numbers;
    for (std::size_t row = 1; row <= rows; ++row) {
        if (selected.has(row)) numbers.insert(row);
    }
    return numbers;
}

}  // namespace

TEST_CASE("a sample has as many rows as are asked for, spread over the list, each time the same") {
    fixture all;
    const auto list = all.list(10'000);
    const auto sample = row_selection::sample(*list, 100);
    REQUIRE(sample);
    const auto rows = chosen(*sample, 10'000);
    CHECK(rows.size() == 100);
    CHECK(*rows.begin() < 1'000);
    CHECK(*rows.rbegin() > 9'000);
    CHECK(std::count_if(rows.begin(), rows.end(), [](std::size_t row) { return row <= 5'000; }) > 25);
    CHECK(chosen(*row_selection::sample(*list, 100), 10'000) == rows);
}

TEST_CASE("a sample of more than there are is all of them") {
    fixture all;
    const auto list = all.list(10);
    CHECK(chosen(*row_selection::sample(*list, 11), 10).size() == 10);
    CHECK(chosen(*row_selection::sample(*list, 10), 10).size() == 10);
}

TEST_CASE("the first rows, and all of them") {
    const auto first = row_selection::first(3);
    CHECK_FALSE(first.is_all());
    CHECK_FALSE(first.ends_after(2));
    CHECK(first.ends_after(3));
    CHECK(row_selection().is_all());
    CHECK_FALSE(row_selection().ends_after(1'000'000));
}

TEST_CASE("selected rows without a result are counted, by line and by id") {
    fixture all;
    const auto list = all.list(10);
    batch::recorded_prompts recorded;
    recorded.insert("line-2", stagger::wire::result_origin{2, 0, 0, {}, {}});
    recorded.insert("line-3", std::nullopt);
    recorded.insert("line-9", stagger::wire::result_origin{9, 0, 0, {}, {}});
    recorded.seal();
    CHECK(batch::count_unanswered(*list, recorded, row_selection::first(4)) == 2u);
    CHECK(batch::count_unanswered(*list, recorded, row_selection()) == 7u);
}

TEST_CASE("each row is in exactly one of the shards, by its number") {
    std::multiset<std::size_t> all;
    for (std::size_t index = 0; index < 3; ++index) {
        const auto rows = chosen(row_selection().shard(index, 3), 100);
        CHECK(*rows.begin() == index + 1);
        CHECK(rows.size() == (index == 0 ? 34u : 33u));
        all.insert(rows.begin(), rows.end());
    }
    CHECK(all.size() == 100);
    CHECK(std::set(all.begin(), all.end()).size() == 100);
}

TEST_CASE("one shard is all of them; a shard of the first rows is what lies in both") {
    CHECK(row_selection().shard(0, 1).is_all());
    CHECK_FALSE(row_selection().shard(0, 2).is_all());
    const auto some = row_selection::first(5).shard(1, 2);
    CHECK(some.ends_after(5));
    CHECK(chosen(some, 5) == std::set<std::size_t>{2, 4});
}

TEST_CASE("rows of a shard without a result are counted") {
    fixture all;
    const auto list = all.list(10);
    batch::recorded_prompts recorded;
    recorded.insert("line-2", stagger::wire::result_origin{2, 0, 0, {}, {}});
    recorded.seal();
    CHECK(batch::count_unanswered(*list, recorded, row_selection().shard(1, 2)) == 4u);
}
