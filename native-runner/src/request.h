// One request: a command and named values. On a line of `serve` the values are percent-encoded `name=value` words.
#ifndef STRATA_REQUEST_H
#define STRATA_REQUEST_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace strata {

class Request {
 public:
  Request() = default;
  explicit Request(std::string command) : command_(std::move(command)) {}

  // Throws Error (STR0715).
  static Request parse(const std::string &line);

  const std::string &command() const { return command_; }
  void add(std::string name, std::string value);
  bool has(const std::string &name) const { return find(name) != nullptr; }
  // Throws STR0715 when the value is missing.
  const std::string &text(const std::string &name) const;
  std::string text_or(const std::string &name, const std::string &otherwise) const;
  // A decimal number from `low` to `high`; throws STR0715.
  int64_t integer_or(const std::string &name, int64_t otherwise, int64_t low, int64_t high) const;
  // Values whose names begin with `prefix`, the prefix taken off.
  std::vector<std::pair<std::string, std::string>> with_prefix(const std::string &prefix) const;
  // Throws STR0715 for a value whose name is not in `names` and begins with none of them that end in a dot.
  void allow_only(std::initializer_list<const char *> names) const;

 private:
  const std::string *find(const std::string &name) const;
  [[noreturn]] void refuse(const std::string &reason) const;

  std::string command_;
  std::vector<std::pair<std::string, std::string>> values_;
};

}  // namespace strata

#endif
