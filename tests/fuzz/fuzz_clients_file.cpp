#include <boost/json/parse.hpp>
#include <stdexcept>
#include <string>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "serve/clients_file.hpp"

// Who may call a gateway, and what each tenant gets.

namespace stagger::fuzz {

void fuzz_clients_file(std::string_view bytes) {
    boost::system::error_code error;
    const boost::json::value file = boost::json::parse(std::string(bytes), error);
    if (error) return;
    try {
        const gateway::client_directory read = app::parse_clients(file);
        for (const priority one : priorities) require(read.weights()[one] > 0, "a weight is above zero");
        require(!read.owner_of("no key that anybody has"), "a key that is not listed has no tenant");
        const gateway::tenant_terms& others = read.terms_of(1);
        require(others.weight > 0, "a weight is above zero");
        require(others.usual >= others.highest, "a class is not above the highest one");
        require(!others.most_waiting || *others.most_waiting >= 1, "somebody may wait");
    } catch (const std::invalid_argument& wrong) {
        require_readable(wrong.what());
    }
}

}  // namespace stagger::fuzz
