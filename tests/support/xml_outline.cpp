#include "support/xml_outline.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <stdexcept>

class xml_outline::reader {
 public:
    reader(const std::string& text, xml_outline& into) : text_(text), into_(into) {}

    void read() {
        skip_blanks();
        element();
        skip_blanks();
        if (at_ != text_.size()) fail("text after the root element");
    }

 private:
    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error("byte " + std::to_string(at_) + ": " + why);
    }

    bool next_is(const std::string& what) const { return text_.compare(at_, what.size(), what) == 0; }
    void expect(const std::string& what) {
        if (!next_is(what)) fail("expected " + what);
        at_ += what.size();
    }
    char current() const {
        if (at_ >= text_.size()) fail("ends too early");
        return text_[at_];
    }
    void skip_blanks() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    }

    std::string name() {
        std::string found;
        while (std::isalnum(static_cast<unsigned char>(current())) != 0 || current() == '-' ||
               current() == ':')
            found += text_[at_++];
        if (found.empty()) fail("expected a name");
        return found;
    }

    /// Characters up to `end`, which is not consumed.
    std::string characters(char end) {
        static const std::map<std::string, char> entities{
            {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
        std::string found;
        while (current() != end) {
            if (current() == '<') fail("stray <");
            if (static_cast<unsigned char>(current()) < ' ' && std::isspace(current()) == 0)
                fail("a control character");
            if (current() == '&') {
                const auto known = std::find_if(entities.begin(), entities.end(),
                                                [&](const auto& each) { return next_is(each.first); });
                if (known == entities.end()) fail("stray &");
                found += known->second;
                at_ += known->first.size();
            } else {
                found += text_[at_++];
            }
        }
        return found;
    }

    void element() {
        expect("<");
        const std::string tag = name();
        if (into_.root_.empty()) into_.root_ = tag;
        std::set<std::string> given;
        for (skip_blanks(); current() != '>' && current() != '/'; skip_blanks()) {
            const std::string attribute = name();
            if (!given.insert(attribute).second) fail(attribute + " is given twice");
            expect("=\"");
            into_.attributes_.emplace_back(attribute, characters('"'));
            expect("\"");
        }
        if (next_is("/>")) {
            at_ += 2;
            return;
        }
        expect(">");
        content(tag);
    }

    void content(const std::string& tag) {
        std::string text;
        bool has_elements = false;
        while (true) {
            text += characters('<');
            if (next_is("</")) break;
            has_elements = true;
            element();
        }
        expect("</" + tag + ">");
        if (!has_elements) into_.texts_.push_back(text);
    }

    const std::string& text_;
    xml_outline& into_;
    std::size_t at_ = 0;
};

xml_outline::xml_outline(const std::string& text) {
    try {
        reader(text, *this).read();
    } catch (const std::runtime_error& malformed) {
        problem_ = malformed.what();
    }
}

std::size_t xml_outline::count(const std::string& attribute, const std::string& value) const {
    return static_cast<std::size_t>(
        std::count(attributes_.begin(), attributes_.end(), std::pair(attribute, value)));
}

bool xml_outline::has_text(const std::string& text) const {
    return std::find(texts_.begin(), texts_.end(), text) != texts_.end();
}
