#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "batch/transport.hpp"

namespace bench {

/** A transport without a network: a coordinator in virtual time in front of a server that answers at once.
 *
 * Every hundredth attempt is rejected and comes back to the line, as behind a real limit.
 */
class immediate_transport {
 public:
    static constexpr unsigned max_in_flight = 256;

    /// @param body of every answer
    immediate_transport(boost::asio::io_context& context, std::string body);
    ~immediate_transport();

    stagger::batch::transport make();
    std::size_t rejections() const;

 private:
    struct desk;
    std::shared_ptr<desk> desk_;
};

}  // namespace bench
