// The one error type: a code, its text and the next step, worded by the generated error table.
#ifndef STRATA_ERROR_H
#define STRATA_ERROR_H

#include <exception>
#include <initializer_list>
#include <string>
#include <utility>

#include "strata/error_table.h"

namespace strata {

using ErrorParameters = std::initializer_list<std::pair<const char *, std::string>>;

class Error : public std::exception {
 public:
  Error(const ErrorTemplate &error, ErrorParameters parameters);

  const char *code() const { return code_; }
  const std::string &text() const { return text_; }
  const std::string &next() const { return next_; }
  const char *what() const noexcept override { return text_.c_str(); }

 private:
  const char *code_;
  std::string text_;
  std::string next_;
};

// What the C library says about `error_number`.
std::string system_reason(int error_number);

}  // namespace strata

#endif
