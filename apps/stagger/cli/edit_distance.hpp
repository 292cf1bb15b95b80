#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

/** How many slips of the keyboard lie between two words: characters left out, added or mistaken, and
 * neighbours that changed places (the optimal string alignment distance). ASCII letters count as the same in
 * either case.
 *
 * Takes time in the product of the lengths.
 */
std::size_t edit_distance(std::string_view left, std::string_view right);

/** The known word that was probably meant; nothing where none is near.
 *
 * Near is one slip, or one for every three characters. The first of several that are as near.
 */
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean --model?", to be put behind a message; empty where nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// The same, and then all that there are: "; did you mean name? There are: age, name", "; there are: age,
/// name".
std::string or_there_are(std::string_view word, const std::vector<std::string>& known,
                         const std::string& listed);

}  // namespace app
