#include "base/thrown_error.hpp"

#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <new>

namespace stagger {

thrown_error error_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& failed) {
        const error_code error = failed.code() ? failed.code() : make_error_code(errc::callback_threw);
        return {error, failed.what()};
    } catch (const std::bad_alloc& failed) {
        return {make_error_code(boost::system::errc::not_enough_memory), failed.what()};
    } catch (const std::exception& failed) {
        return {errc::callback_threw, failed.what()};
    } catch (...) {
        return {errc::callback_threw, make_error_code(errc::callback_threw).message()};
    }
}

}  // namespace stagger
