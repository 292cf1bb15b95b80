#include "job/job_scripts.hpp"

#include <algorithm>
#include <array>

namespace stagger::job {
namespace {

// All of it is gone a day after the last of its processes. A store without memory takes no news of a job,
// which is no reason for its feeder not to read, and so to make room.
const std::string beginning = R"(
local about, feeder, items, queue, owners, workers, results, begun, counts = unpack(KEYS)
local call = redis.call
local function now()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function keep()
  for i = 3, 9 do call('EXPIRE', KEYS[i], 86400) end
end
local function tell(must)
  local said = redis.pcall('SET', about, ARGV[3], 'EX', 86400)
  if said.err and must then error(said.err) end
  call('EXPIRE', about, 86400)
  keep()
end
local function put_back(key)
  if call('HEXISTS', items, key) == 1 then call('LPUSH', queue, key) end
  call('HDEL', owners, key)
end
)";

constexpr auto about_end = "}:about";

}  // namespace

std::vector<std::string> job_keys(const std::string& prefix, const std::string& job) {
    constexpr std::array names{"about",   "feeder",  "items", "queue", "owners",
                               "workers", "results", "begun", "counts"};
    const std::string of_job = prefix + ":{job:" + job + "}:";
    std::vector<std::string> all;
    all.reserve(names.size());
    for (const char* name : names) all.push_back(of_job + name);
    return all;
}

std::string about_pattern(const std::string& prefix) {
    return prefix + ":{job:*" + about_end;
}

std::string job_of(std::string_view about_key) {
    constexpr std::string_view before = "{job:";
    const auto begin = about_key.find(before);
    if (begin == about_key.npos || !about_key.ends_with(about_end)) return {};
    about_key.remove_suffix(std::string_view(about_end).size());
    return std::string(about_key.substr(begin + before.size()));
}

bool is_job_name(std::string_view text) {
    constexpr std::size_t longest = 64;
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_' || c == '.';
    });
}

namespace scripts {

const std::string enter = beginning + R"(
local held = call('GET', feeder)
if held and held ~= ARGV[1] then return {0, 0} end
if ARGV[4] == '1' then call('UNLINK', items, queue, results, begun, counts) end
local existed = call('EXISTS', about)
if held then call('PEXPIRE', feeder, ARGV[2]) else call('SET', feeder, ARGV[1], 'PX', ARGV[2]) end
tell(existed == 0)
return {1, existed})";

const std::string stay = beginning + R"(
if call('GET', feeder) ~= ARGV[1] or call('EXISTS', about) == 0 then return {0, 0, 0, 0} end
call('PEXPIRE', feeder, ARGV[2])
tell(false)
return {1, call('HLEN', items), call('HLEN', owners), call('ZCOUNT', workers, now(), '+inf')})";

const std::string add = beginning + R"(
local answered = {}
local since = '-'
if ARGV[1] ~= '' then since = '(' .. ARGV[1] end
for _, entry in ipairs(call('XRANGE', results, since, '+')) do answered[entry[2][2]] = true end
for i = 2, #ARGV, 2 do
  local key = ARGV[i]
  if not answered[key] and call('HEXISTS', items, key) == 0 then
    if call('HEXISTS', owners, key) == 0 then call('RPUSH', queue, key) end
    call('HSET', items, key, ARGV[i + 1])
  end
end
keep()
return 1)";

// What is read at once is bounded; one answer alone may be longer.
const std::string read = beginning + R"(
local since = '-'
if ARGV[1] ~= '' then since = '(' .. ARGV[1] end
local found, bytes = {}, 0
for _ = 1, tonumber(ARGV[2]) do
  local entry = call('XRANGE', results, since, '+', 'COUNT', 1)[1]
  if not entry then break end
  bytes = bytes + #entry[2][4]
  if bytes > 4194304 and #found > 0 then break end
  found[#found + 1] = {entry[1], entry[2][2], entry[2][4]}
  since = '(' .. entry[1]
end
return found)";

// What is forgotten may be in the queue, or in work again, where somebody took over what was only slow.
const std::string forget = beginning + R"(
local entries = tonumber(ARGV[1])
for i = 2, entries + 1 do call('XDEL', results, ARGV[i]) end
for i = entries + 2, #ARGV do
  if call('HDEL', items, ARGV[i]) == 1 then
    call('HDEL', owners, ARGV[i])
    call('SREM', begun, ARGV[i])
  end
end
return 1)";

const std::string withdraw = beginning + R"(
local back = {}
while true do
  local key = call('LPOP', queue)
  if not key then break end
  if call('HEXISTS', owners, key) == 0 and call('HDEL', items, key) == 1 then
    call('SREM', begun, key)
    back[#back + 1] = key
  end
end
return back)";

// That it is done is kept for workers that are cut off just now.
const std::string end = beginning + R"(
if call('GET', feeder) ~= ARGV[1] then return 0 end
call('DEL', feeder)
if ARGV[2] == '1' then
  call('UNLINK', items, queue, owners, results, begun)
  call('SET', about, ARGV[3], 'EX', 3600)
else
  call('SET', about, ARGV[3], 'EX', 86400)
end
return 1)";

// Of what it was given by an answer that it never got, it knows nothing.
const std::string hold = beginning + R"(
local me = ARGV[1]
call('ZADD', workers, now() + ARGV[2], me)
local held = {}
for i = 3, #ARGV do
  held[ARGV[i]] = true
  call('HSETNX', owners, ARGV[i], me)
end
local all = call('HGETALL', owners)
for i = 1, #all, 2 do
  if all[i + 1] == me and not held[all[i]] then put_back(all[i]) end
end
keep()
return 1)";

// Who has not renewed itself is gone: what it held goes first. Its own entry goes last, so that a script that
// failed half way is done again.
const std::string take = beginning + R"(
local me = ARGV[1]
local gone = call('ZRANGEBYSCORE', workers, '-inf', now())
if #gone > 0 then
  local is_gone = {}
  for _, name in ipairs(gone) do
    if name ~= me then is_gone[name] = true end
  end
  local all = call('HGETALL', owners)
  for i = 1, #all, 2 do
    if is_gone[all[i + 1]] then
      if call('HEXISTS', items, all[i]) == 1 then
        call('HINCRBY', counts, 'taken_over', 1)
        call('SADD', begun, all[i])
      end
      put_back(all[i])
    end
  end
  for name in pairs(is_gone) do call('ZREM', workers, name) end
end
local text = call('GET', about) or ''
if not call('ZSCORE', workers, me) then return {text, 0, {}} end
call('ZADD', workers, now() + ARGV[2], me)
local got, bytes = {}, 0
while #got < 2 * tonumber(ARGV[3]) and bytes < 4194304 do
  local key = call('LINDEX', queue, 0)
  if not key then break end
  local item = call('HGET', items, key)
  if item and call('HSETNX', owners, key, me) == 1 then
    if call('SREM', begun, key) == 1 then call('HINCRBY', counts, 'asked_again', 1) end
    bytes = bytes + #item
    got[#got + 1] = key
    got[#got + 1] = item
  end
  call('LPOP', queue)
end
keep()
return {text, 1, got})";

const std::string renew = beginning + R"(
local text = call('GET', about) or ''
if not call('ZSCORE', workers, ARGV[1]) then return {text, 0} end
call('ZADD', workers, now() + ARGV[2], ARGV[1])
keep()
return {text, 1})";

// An answer is welcome from whoever has it: the feeder takes the first.
const std::string finish = beginning + R"(
for i = 2, #ARGV, 2 do
  call('XADD', results, '*', 'k', ARGV[i], 't', ARGV[i + 1])
  call('HDEL', items, ARGV[i])
  if call('HGET', owners, ARGV[i]) == ARGV[1] then call('HDEL', owners, ARGV[i]) end
  call('SREM', begun, ARGV[i])
end
keep()
return 1)";

const std::string give_back = beginning + R"(
for i = 3, #ARGV do
  if call('HGET', owners, ARGV[i]) == ARGV[1] then
    if ARGV[2] == '1' and call('HEXISTS', items, ARGV[i]) == 1 then call('SADD', begun, ARGV[i]) end
    put_back(ARGV[i])
  end
end
keep()
return 1)";

const std::string leave = beginning + R"(
call('ZREM', workers, ARGV[1])
return 1)";

const std::string look = beginning + R"(
local told = call('HMGET', counts, 'taken_over', 'asked_again')
return {call('GET', about) or '', call('HLEN', items), call('HLEN', owners),
  call('ZCOUNT', workers, now(), '+inf'), call('XLEN', results), told[1] or '0', told[2] or '0'})";

}  // namespace scripts

}  // namespace stagger::job
