#include "cost_counter.hpp"

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <utility>

#include "json/json_text.hpp"

namespace app {
namespace {

namespace asio = boost::asio;
namespace wire = stagger::wire;
using counted_handler = stagger::batch::transport::handler;

std::string text_member(std::string_view text, std::string_view name) {
    if (wire::json_problem(text)) return {};
    const auto members = wire::json_members(text);
    if (!members) return {};
    const auto* found = wire::find_member(*members, name);
    return found ? wire::json_string_value(found->value).value_or(std::string()) : std::string();
}

}  // namespace

std::string asked_model(const stagger::completion_request& request, const std::string& usual_model) {
    if (!request.body().empty()) {
        if (auto named = text_member(request.body(), "model"); !named.empty()) return named;
    }
    return request.model().empty() ? usual_model : request.model();
}

std::string answering_model(std::string_view body) {
    auto named = text_member(body, "model");
    return named.empty() ? text_member(body, "modelVersion") : named;  // the latter is Gemini's
}

void cost_counter::count(std::string_view asked, const stagger::completion& answer) {
    const auto* prices = prices_.find(asked);
    if (prices == nullptr) {
        const auto answering = answering_model(answer.raw);
        prices = prices_.find(answering);
        if (prices == nullptr && counts_.unlisted_model.empty())
            counts_.unlisted_model = asked.empty() ? answering : std::string(asked);
    }
    const auto cost = prices != nullptr ? prices->cost_of(answer.usage) : std::nullopt;
    if (cost) {
        counts_.cost += *cost;
        if (on_cost_) on_cost_(*cost);
    } else {
        ++counts_.unpriced;
    }
}

stagger::batch::transport cost_counter::counted(stagger::batch::transport through) {
    auto made = through;
    made.send = [self = shared_from_this(), through](stagger::completion_request request,
                                                     counted_handler done) {
        const auto slot = asio::get_associated_cancellation_slot(done);
        const asio::any_completion_executor own = asio::get_associated_executor(done, through.executor);
        auto use = [self, model = asked_model(request, self->usual_model_), done = std::move(done)](
                       stagger::error_code error, stagger::completion answer) mutable {
            if (!error) self->count(model, answer);
            std::move(done)(error, std::move(answer));
        };
        through.send(std::move(request),
                     asio::bind_cancellation_slot(slot, asio::bind_executor(own, std::move(use))));
    };
    return made;
}

}  // namespace app
