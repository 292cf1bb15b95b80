#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "http/answer_memory.hpp"
#include "http/clock.hpp"
#include "http/connection.hpp"
#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

constexpr std::size_t little = answer_memory::little_bytes;
constexpr std::size_t largest = 4 * little;

/// An answer that notes when it may go on.
class noted_answer final : public answer_memory::holder {
 public:
    using holder::holder;
    int told = 0;

 private:
    void may_go_on() override { ++told; }
};

struct answers {
    explicit answers(std::size_t most, duration longest_rest = std::chrono::hours(1))
        : memory(std::make_shared<answer_memory>(deadlines, most, largest, longest_rest)) {}

    noted_answer& add(std::size_t bytes) {
        noted_answer& one = all.emplace_back(memory);
        one.holds(bytes);
        return one;
    }

    asio::io_context context;
    std::shared_ptr<deadline_queue> deadlines = std::make_shared<deadline_queue>(context.get_executor());
    std::shared_ptr<answer_memory> memory;
    std::deque<noted_answer> all;
};

}  // namespace

TEST_CASE("answers together: as long as there is room, nobody waits") {
    answers of(2 * largest);
    auto& one = of.add(largest / 2);
    auto& other = of.add(largest / 2 - 1);
    CHECK(one.ask());
    CHECK(other.ask());
    CHECK(of.memory->held() == largest - 1);
    one.give_back();
    CHECK(of.memory->held() == largest / 2 - 1);
}

TEST_CASE("answers together: who finds no room goes first, and those behind wait in order") {
    answers of(largest);
    auto& first = of.add(little);
    auto& second = of.add(little);
    auto& third = of.add(little);
    CHECK(first.ask());
    CHECK_FALSE(second.ask());
    CHECK_FALSE(third.ask());
    first.holds(largest);
    CHECK(first.ask());
    CHECK(second.told + third.told == 0);
    first.give_back();
    CHECK(second.told == 1);
    CHECK(third.told == 0);
    CHECK(second.ask());
    second.give_back();
    CHECK(third.told == 1);
}

TEST_CASE("answers together: what little is held never waits, nor behind those who do") {
    answers of(largest);
    auto& first = of.add(largest);
    auto& large = of.add(little);
    auto& small = of.add(little - 1);
    CHECK(first.ask());
    CHECK_FALSE(large.ask());
    CHECK(small.ask());
    small.holds(little);
    CHECK_FALSE(small.ask());
}

TEST_CASE("answers together: room that is given back is shared among all who wait") {
    answers of(largest + 2 * little);
    auto& first = of.add(largest);
    auto& big = of.add(2 * little);
    auto& one = of.add(little);
    auto& other = of.add(little);
    CHECK(first.ask());
    CHECK_FALSE(one.ask());
    CHECK_FALSE(other.ask());
    big.give_back();
    CHECK(one.told + other.told == 0);  // they hold two thirds of what is shared by themselves
    one.holds(little - 1);
    CHECK(one.told == 1);
    CHECK(other.told == 1);
}

TEST_CASE("answers together: who leaves the line or is destroyed is not told, and holds up nobody") {
    answers of(largest);
    std::optional<noted_answer> first(of.memory);
    first->holds(little);
    std::optional<noted_answer> second(of.memory);
    second->holds(little);
    auto& third = of.add(little);
    auto& fourth = of.add(little);
    CHECK(first->ask());
    CHECK_FALSE(second->ask());
    CHECK_FALSE(third.ask());
    CHECK_FALSE(fourth.ask());
    third.leave_line();
    second.reset();
    first.reset();
    CHECK(third.told == 0);
    CHECK(fourth.told == 1);
    CHECK(of.memory->held() == 2 * little);
}

TEST_CASE("answers together: one that goes first and is not read on makes way") {
    answers of(largest, duration::zero());
    auto& first = of.add(little);
    auto& second = of.add(little);
    CHECK(first.ask());
    CHECK_FALSE(second.ask());
    SUBCASE("while it is being read, it does not") {
        of.context.run();
        CHECK(second.told == 0);
    }
    SUBCASE("nor if it is read on") {
        first.holds(2 * little);
        CHECK(first.ask());
        of.context.run();
        CHECK(second.told == 0);
    }
    SUBCASE("else it stands in line behind the next") {
        first.holds(2 * little);
        of.context.run();
        CHECK(second.told == 1);
        CHECK(second.ask());
        CHECK_FALSE(first.ask());
        second.give_back();
        CHECK(first.told == 1);
    }
}

TEST_CASE("answers together: whatever their sizes, the bound holds and each comes to its end") {
    constexpr std::size_t read = 8192;
    for (unsigned seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const std::size_t most = largest + random() % (4 * largest);
        answers of(most);
        struct progress {
            std::size_t size;
            std::size_t held = 0;
            bool waits = false;
            int told = 0;
        };
        std::vector<progress> each;
        for (int i = 0; i < 40; ++i) {
            each.push_back({1 + random() % largest});
            of.add(0);
        }
        std::size_t left = each.size();
        // Nobody reads more than once at a time, so that this is the most that comes on top.
        const std::size_t bound = most + each.size() * (little + read);
        for (int steps = 0; left > 0; ++steps) {
            REQUIRE(steps < 100'000);
            const std::size_t number = random() % each.size();
            progress& one = each[number];
            noted_answer& answer = of.all[number];
            if (one.held == one.size) continue;
            one.waits = one.waits && answer.told == one.told;
            one.told = answer.told;
            if (one.waits) continue;
            one.held = std::min(one.size, one.held + 1 + random() % read);
            answer.holds(one.held);
            CHECK(of.memory->held() <= bound);
            if (one.held == one.size) {
                answer.give_back();
                --left;
            } else {
                one.waits = !answer.ask();
            }
        }
        CHECK(of.memory->held() == 0);
    }
}

namespace {

/// Notes what becomes of a read.
class reader final : public connection_user {
 public:
    void on_read(const error_code& error) override { read = error; }
    time_point latest_limit() const override { return latest; }
    void was_held_up(duration) override { ++held_up; }

    std::optional<error_code> read;
    time_point latest = never;
    int held_up = 0;
    std::unique_ptr<connection> own;  // as a request has it
};

/// Connections with one memory for their answers, to a peer that says what the test wants it to.
class crowded_links {
 public:
    explicit crowded_links(std::size_t most)
        : peer(context, [](raw_peer::socket&, std::size_t) -> asio::awaitable<void> { co_return; }) {
        settings->target = parse_endpoint(peer.url());
        settings->resolve_timeout = settings->connect_timeout = settings->handshake_timeout =
            settings->send_timeout = std::chrono::hours(1);
        settings->max_header_bytes = settings->max_body_bytes = largest;
        settings->names = std::make_shared<name_lookup>(context.get_executor(), settings->target.host,
                                                        settings->target.port);
        settings->deadlines = std::make_shared<deadline_queue>(context.get_executor());
        settings->memory = std::make_shared<answer_memory>(settings->deadlines, most, largest);
    }

    std::unique_ptr<connection> open() {
        auto made = connection::make(context.get_executor(), settings);
        std::optional<error_code> opened;
        asio::co_spawn(io_executor(context.get_executor()), made->open(never),
                       [&](std::exception_ptr, error_code error) { opened = error; });
        const std::size_t number = peers_;
        run_until([&] { return opened && peer.connections() > number; });
        REQUIRE_FALSE(*opened);
        ++peers_;
        return made;
    }
    /// The connection that was opened as the n-th hears that much of the body of its answer.
    void say_head(std::size_t number, std::size_t length) {
        say(number, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n");
    }
    void say(std::size_t number, const std::string& bytes) {
        asio::write(peer.connection(number), asio::buffer(bytes));
    }
    void read_head(connection& one) {
        one.send(user, "a request", steady_now(), never);
        user->read.reset();
        one.read_head(user, never);
        run_until([&] { return user->read.has_value(); });
        REQUIRE_FALSE(*user->read);
    }
    template <class Condition>
    void run_until(Condition met) {
        while (!met()) {
            context.restart();
            REQUIRE(context.run_one() != 0);
        }
    }
    void poll() {
        context.restart();
        while (context.poll() != 0) context.restart();
    }
    std::size_t held() const { return settings->memory->held(); }

    asio::io_context context;
    raw_peer peer;
    std::shared_ptr<connection_settings> settings = std::make_shared<connection_settings>();
    std::shared_ptr<reader> user = std::make_shared<reader>();

 private:
    std::size_t peers_ = 0;
};

/// One answer that goes first and lacks its last byte, and another that has come and waits.
struct two_answers : crowded_links {
    static constexpr std::size_t size = 3 * little;

    two_answers() : crowded_links(largest) {
        first = open();
        second = open();
        say_head(0, size);
        read_head(*first);
        first->read_rest(first_user, never);
        say(0, std::string(size - 1, 'a'));
        run_until([&] { return held() == size - 1; });
        say_head(1, size);
        read_head(*second);
        second->read_rest(second_user, never);
        say(1, std::string(size, 'b'));
        run_until([&] { return held() >= size - 1 + little; });
        poll();
    }

    std::unique_ptr<connection> first;
    std::unique_ptr<connection> second;
    std::shared_ptr<reader> first_user = std::make_shared<reader>();
    std::shared_ptr<reader> second_user = std::make_shared<reader>();
};

}  // namespace

TEST_CASE("answers together: a connection reads no further than there is room, and goes on once there is") {
    two_answers of;
    CHECK_FALSE(of.second_user->read);
    CHECK(of.held() < of.size + little + 8192);
    of.say(0, "a");
    of.run_until([&] { return of.first_user->read.has_value(); });
    CHECK_FALSE(*of.first_user->read);
    of.poll();
    CHECK_FALSE(of.second_user->read);
    std::string body;
    of.first->take_body(body);
    CHECK(body == std::string(of.size, 'a'));
    of.first->rest();
    of.run_until([&] { return of.second_user->read.has_value(); });
    CHECK_FALSE(*of.second_user->read);
    CHECK(of.second->answer_is_whole());
    CHECK(of.second->reusable());
    CHECK(of.second_user->held_up == 1);
    of.second.reset();
    CHECK(of.held() == 0);
}

TEST_CASE("answers together: what its user keeps of an answer counts until it says otherwise") {
    two_answers of;
    of.say(0, "a");
    of.run_until([&] { return of.first_user->read.has_value(); });
    std::string body;
    of.first->take_body(body);
    of.first->keep(body.size());
    of.poll();
    CHECK_FALSE(of.second_user->read);
    of.first->keep(0);
    of.run_until([&] { return of.second_user->read.has_value(); });
    CHECK_FALSE(*of.second_user->read);
}

TEST_CASE("answers together: a connection that is lost leaves its room to others") {
    two_answers of;
    of.peer.connection(0).close();
    of.run_until([&] { return of.first_user->read.has_value(); });
    CHECK(*of.first_user->read == errc::answer_truncated);
    of.first.reset();
    of.run_until([&] { return of.second_user->read.has_value(); });
    CHECK_FALSE(*of.second_user->read);
}

TEST_CASE("answers together: one that waits ends when it is cancelled, left to the parent, or late") {
    two_answers of;
    errc expected = errc::cancelled;
    SUBCASE("cancelled") {
        of.second->cancel();
    }
    SUBCASE("left to the parent of a fork") {
        of.second->leave_to_parent();
        expected = errc::connection_lost;
    }
    SUBCASE("late") {
        of.second->cancel();
        of.poll();
        of.second_user->read.reset();
        of.second = of.open();
        of.say_head(2, of.size);
        of.say(2, std::string(of.size, 'c'));
        of.read_head(*of.second);
        of.second_user->latest = steady_now();
        of.second->read_rest(of.second_user, never);
        expected = errc::answer_timed_out;
    }
    of.run_until([&] { return of.second_user->read.has_value(); });
    CHECK(*of.second_user->read == expected);
    CHECK_FALSE(of.second->reusable());
    of.say(0, "a");
    of.run_until([&] { return of.first_user->read.has_value(); });
    CHECK_FALSE(*of.first_user->read);
}

TEST_CASE("answers together: one that waits ends with its context") {
    auto of = std::make_unique<two_answers>();
    of->first_user->own = std::move(of->first);
    of->second_user->own = std::move(of->second);
    const std::weak_ptr<reader> user = of->second_user;
    of.reset();
    CHECK(user.expired());
}

TEST_CASE("answers together: through a small bound large answers come one after the other, and all come") {
    asio::io_context context;
    const std::string text(60'000, 'x');
    std::vector<scripted_peer::script> scripts(1);
    for (int i = 0; i < 12; ++i) scripts[0].push_back({chat_answer(text)});
    scripted_peer peer(context, std::move(scripts));
    auto options = options_for(peer.base_url()).max_body_bytes(largest).max_bodies_bytes(largest);
    client llm(context.get_executor(), options, coordinator_options().initial_rate(1000));
    std::size_t answered = 0;
    for (int i = 0; i < 12; ++i) {
        llm.async_complete(completion_request("why?"), [&](error_code error, completion got) {
            CHECK_FALSE(error);
            CHECK(got.text == text);
            ++answered;
        });
    }
    while (answered < 12 && context.run_one() != 0) continue;
    CHECK(answered == 12);
    CHECK(peer.requests().size() == 12);
}

TEST_CASE("answers together: a stream that nobody reads on holds up nobody for long") {
    asio::io_context context;
    const std::string text(60'000, 'x');
    // Each piece is more than may be held without asking.
    const std::string pieces = event_stream(chat_documents({text.substr(0, 40'000), text.substr(40'000)}));
    scripted_peer peer(context, {{{pieces}}, {{chat_answer(text)}}});
    auto options = options_for(peer.base_url()).max_body_bytes(largest).max_bodies_bytes(largest);
    client llm(context.get_executor(), options, coordinator_options().initial_rate(1000));
    std::optional<completion_stream> stream;
    llm.async_stream(completion_request("why?"), [&](error_code error, completion_stream got) {
        CHECK_FALSE(error);
        stream.emplace(std::move(got));
    });
    while (!stream && context.run_one() != 0) continue;
    std::optional<error_code> whole;
    llm.async_complete(completion_request("why?"), [&](error_code error, completion) { whole = error; });
    while (!whole && context.run_one() != 0) continue;
    CHECK(whole == error_code());
    std::string got;
    bool ended = false;
    while (!ended) {
        std::optional<error_code> told;
        stream->async_next([&](error_code error, std::optional<completion_delta> delta) {
            if (delta) got += delta->text;
            ended = !delta;
            told = error;
        });
        context.restart();
        while (!told && context.run_one() != 0) continue;
        REQUIRE(told == error_code());
    }
    CHECK(got == text);
}
