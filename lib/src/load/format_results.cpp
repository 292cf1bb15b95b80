#include <concepts>
#include <type_traits>

#include "json/json_writer.hpp"
#include "load/results_file.hpp"
#include "load/results_members.hpp"

namespace stagger::load {

namespace {

class value_writer {
 public:
    explicit value_writer(std::string& out) : out_(out) {}

    void write(const std::string& text) { wire::append_json_string(out_, text); }
    void write(double value) { wire::append_json_number(out_, value); }
    void write(bool value) { out_ += value ? "true" : "false"; }
    template <std::unsigned_integral Count>
    requires(!std::same_as<Count, bool>) void write(Count value) { out_ += std::to_string(value); }

    template <class Value>
    void write(const std::optional<Value>& value) {
        if (!value) {
            out_ += "null";
        } else {
            write(*value);
        }
    }

    template <class Value>
    void write(const std::vector<Value>& values) {
        out_ += '[';
        for (const Value& each : values) {
            if (&each != &values.front()) out_ += ',';
            write(each);
        }
        out_ += ']';
    }

    template <class Value>
    void write(const std::map<std::string, Value>& values) {
        wire::object_writer object(out_);
        for (const auto& [name, value] : values) {
            object.key(name);
            write(value);
        }
        object.close();
    }

    void write(const latency_summary::bucket& value) {
        out_ += '[';
        write(value.upper_ms);
        out_ += ',';
        write(value.count);
        out_ += ']';
    }

    void write(const waiting_sums& value) {
        wire::object_writer object(out_);
        for (const wait_reason why : wait_reasons) object.number(to_string(why), value[why].count());
        object.close();
    }

    template <class Object>
    requires std::is_class_v<Object>
    void write(const Object& value) {
        wire::object_writer object(out_);
        write_members(object, value);
        object.close();
    }

    template <class Object>
    void write_members(wire::object_writer& object, const Object& value) {
        for_each_member(value, [&](const char* name, const auto& each) {
            object.key(name);
            write(each);
        });
    }

 private:
    std::string& out_;
};

}  // namespace

std::string format_results(const results_document& all) {
    std::string text;
    value_writer values(text);
    wire::object_writer file(text);
    file.string("schema", results_schema);
    values.write_members(file, all);
    file.close();
    text += '\n';
    return text;
}

}  // namespace stagger::load
