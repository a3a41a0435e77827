#include "request.h"

#include <algorithm>
#include <charconv>

#include "error.h"

namespace strata {
namespace {

int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool decode_percent(const std::string &text, std::string &decoded) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return false;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

}  // namespace

void Request::refuse(const std::string &reason) const {
  throw Error(errors::kRequestInvalid, {{"request", command_}, {"reason", reason}});
}

Request Request::parse(const std::string &line) {
  Request request;
  for (size_t at = 0; at < line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    const std::string word = line.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (request.command_.empty()) {
      request.command_ = word;
      continue;
    }
    const size_t equals = word.find('=');
    std::string name;
    std::string value;
    if (equals == std::string::npos || !decode_percent(word.substr(0, equals), name) ||
        !decode_percent(word.substr(equals + 1), value))
      request.refuse("\"" + word + "\" is not a percent-encoded name=value");
    request.add(std::move(name), std::move(value));
  }
  return request;
}

void Request::add(std::string name, std::string value) {
  if (has(name)) refuse("\"" + name + "\" is given twice");
  // Values are paths and names, which end at a NUL for the operating system.
  if (value.find('\0') != std::string::npos) refuse("\"" + name + "\" holds a NUL");
  values_.emplace_back(std::move(name), std::move(value));
}

const std::string *Request::find(const std::string &name) const {
  for (const auto &[known, value] : values_)
    if (known == name) return &value;
  return nullptr;
}

const std::string &Request::text(const std::string &name) const {
  const std::string *value = find(name);
  if (value == nullptr || value->empty()) refuse("\"" + name + "\" is missing");
  return *value;
}

std::string Request::text_or(const std::string &name, const std::string &otherwise) const {
  const std::string *value = find(name);
  return value == nullptr ? otherwise : *value;
}

int64_t Request::integer_or(const std::string &name, int64_t otherwise, int64_t low, int64_t high) const {
  const std::string *value = find(name);
  if (value == nullptr) return otherwise;
  int64_t number = 0;
  const char *end = value->data() + value->size();
  const auto parsed = std::from_chars(value->data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < low || number > high)
    refuse("\"" + name + "\" is \"" + *value + "\", not a number from " + std::to_string(low) + " to " +
           std::to_string(high));
  return number;
}

std::vector<std::pair<std::string, std::string>> Request::with_prefix(const std::string &prefix) const {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto &[name, value] : values_)
    if (name.compare(0, prefix.size(), prefix) == 0) found.emplace_back(name.substr(prefix.size()), value);
  return found;
}

void Request::allow_only(std::initializer_list<const char *> names) const {
  for (const auto &[name, value] : values_) {
    const bool allowed = std::any_of(names.begin(), names.end(), [&known = name](const std::string &allowed_name) {
      return allowed_name.back() == '.' ? known.compare(0, allowed_name.size(), allowed_name) == 0
                                        : known == allowed_name;
    });
    if (!allowed) refuse("\"" + name + "\" is no value of this command");
  }
}

}  // namespace strata
