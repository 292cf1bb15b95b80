#pragma once

#include <vector>

#include "dialect/dialect.hpp"
#include "stagger/hints.hpp"

namespace stagger::wire {

/** @brief What the headers of a response say about the limit.
 *
 * Knows retry-after-ms, x-amz-retry-after (milliseconds, too) and Retry-After; OpenAI's
 * x-ratelimit-{limit,remaining,reset}-{requests,tokens,project-tokens}; Anthropic's anthropic-ratelimit-*,
 * input and output tokens among them; Mistral's x-ratelimit-*-{req,tokens}-minute; Together's x-tokenlimit-*;
 * the IETF drafts 8 (RateLimit: "name";r=...;t=...), 7 (RateLimit:
 * limit=...,
 * ...) and 6 (RateLimit-Limit ...); and the older X-RateLimit-{Limit,Remaining,Reset}. Where a response
 * carries several families, the first of this order that says anything about a dimension is used for all of
 * it; of two limits of one family on tokens it is the one of which less is left. Values that are no numbers,
 * negative, or absurd are left out: they count as not sent.
 * @param unix_now seconds since 1970, for values that are dates
 */
hints read_hints(const std::vector<field>& fields, double unix_now);

/// Whether there is anything that read_hints would look at.
bool may_carry_hints(const std::vector<field>& fields);

}  // namespace stagger::wire
